namespace Hikyaku.Panel.Screens.Clients;

/// <summary>The mail programs that have a page, in the order in which they are shown, with what their makers do for them.</summary>
public static class MailPrograms
{
    /// <summary>When the steps and the makers' announcements were last looked at.</summary>
    public static readonly DateOnly CheckedAt = new(2026, 11, 30);

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<MailProgram> All =
    [
        new("thunderbird", () => ClientsTexts.ThunderbirdTitle) { FindsItself = true, ByHand = Thunderbird },
        new("becky", () => ClientsTexts.BeckyTitle) { ByHand = Becky },
        new("gmail", () => ClientsTexts.GmailTitle) { Note = () => ClientsTexts.GmailEnded, ForwardsInstead = true, ByHand = Gmail },
        new("ios", () => ClientsTexts.IosTitle) { TakesProfile = true, ByHand = Ios },
        new("outlook-new", () => ClientsTexts.OutlookNewTitle) { FindsItself = true, Note = () => ClientsTexts.OutlookNewNote, ByHand = OutlookNew },
        new("outlook-2019", () => ClientsTexts.Outlook2019Title)
        {
            Upkeep = Upkeep.SupportEnded, Since = "2025-10", Replacements = ["outlook-new", "thunderbird"], FindsItself = true, Note = () => ClientsTexts.Outlook365Current, ByHand = Outlook2019,
        },
        new("outlook-2016", () => ClientsTexts.Outlook2016Title)
        {
            Upkeep = Upkeep.SupportEnded, Since = "2025-10", Replacements = ["outlook-new", "thunderbird"], FindsItself = true, ByHand = Outlook2016,
        },
        new("outlook-2013", () => ClientsTexts.Outlook2013Title)
        {
            Upkeep = Upkeep.SupportEnded, Since = "2023-04", Replacements = ["outlook-new", "thunderbird"], FindsItself = true, ByHand = Outlook2013,
        },
        new("windows-mail", () => ClientsTexts.WindowsTitle)
        {
            Upkeep = Upkeep.Discontinued, Since = "2024-12-31", Replacements = ["outlook-new", "thunderbird"], Note = () => ClientsTexts.WindowsEnded, ByHand = WindowsMail,
        },
    ];

    /// <summary>One of them; null when there is none.</summary>
    public static MailProgram? Find(string slug) => All.FirstOrDefault(p => p.Slug == slug);

    private static IEnumerable<Procedure> Thunderbird(Ways w) =>
    [
        new(null,
        [
            new(ClientsTexts.ThunderbirdOpen),
            new(ClientsTexts.ThunderbirdEnter, w.Address),
            new(ClientsTexts.ThunderbirdManual, w.Protocol),
            new(ClientsTexts.ThunderbirdIncoming, w.Receiving.Host, w.Receiving.Port, w.EncryptionWord, w.Address),
            new(ClientsTexts.ThunderbirdOutgoing, w.Sending.Host, w.Sending.Port, w.EncryptionWord, w.Address),
            new(ClientsTexts.ThunderbirdDone),
            .. w.Tls || !w.PlainAllowed ? Array.Empty<Step>() : [new(ClientsTexts.ThunderbirdUnderstood)],
        ]),
    ];

    private static IEnumerable<Procedure> Becky(Ways w)
    {
        var (protocol, secure) = w.ByPop ? ("POP3", "POP3S") : ("IMAP4", "IMAPS");
        return
        [
            new(null,
            [
                new(ClientsTexts.BeckyOpen),
                new(ClientsTexts.BeckyEnter, w.Address, protocol, w.Receiving.Host, w.Sending.Host, w.Address),
                new(w.Tls ? ClientsTexts.BeckySecure : ClientsTexts.BeckyPlain, secure),
                new(ClientsTexts.BeckyDetails, w.Sending.Port, protocol, w.Receiving.Port),
            ]),
        ];
    }

    private static IEnumerable<Procedure> Gmail(Ways w) =>
    [
        new(ClientsTexts.GmailApp,
        [
            new(ClientsTexts.GmailAppOpen),
            new(ClientsTexts.GmailAppAddress, w.Address, w.Protocol),
            new(ClientsTexts.GmailAppIncoming, w.Address, w.Receiving.Host, w.Receiving.Port, w.EncryptionWord),
            new(ClientsTexts.GmailAppOutgoing, w.Sending.Host, w.Sending.Port, w.EncryptionWord, w.Address),
        ]),
        new(ClientsTexts.GmailSend,
        [
            new(ClientsTexts.GmailSendOpen),
            new(ClientsTexts.GmailSendAddress, w.Address),
            // Gmail sends with encryption only: SSL, or TLS after STARTTLS.
            new(ClientsTexts.GmailSendServer, w.Sending.Host, w.Sending.Port, w.Address, w.Tls ? "SSL" : "TLS"),
            new(ClientsTexts.GmailSendCode),
        ]),
    ];

    private static IEnumerable<Procedure> Ios(Ways w) =>
    [
        new(null,
        [
            new(ClientsTexts.IosOpen),
            new(ClientsTexts.IosAdd),
            new(ClientsTexts.IosEnter, w.Address),
            new(ClientsTexts.IosServers, w.Protocol, w.Receiving.Host, w.Address, w.Sending.Host),
            new(ClientsTexts.IosSave),
            // The device speaks STARTTLS where SSL is on and the port is a plain one.
            new(w.Tls || !w.PlainAllowed ? ClientsTexts.IosSecure : ClientsTexts.IosPlain, w.Sending.Port, w.Receiving.Port),
        ]),
    ];

    private static IEnumerable<Procedure> Outlook2013(Ways w) =>
    [
        new(null,
        [
            new(ClientsTexts.Outlook2013Open),
            new(ClientsTexts.Outlook2013Manual),
            new(ClientsTexts.Outlook2013Enter, w.Address, w.Protocol, w.Receiving.Host, w.Sending.Host),
            new(ClientsTexts.Outlook2013More),
            new(ClientsTexts.Outlook2013Ports, w.Receiving.Port, w.EncryptionWord, w.Sending.Port),
            new(ClientsTexts.Outlook2013Done),
        ]),
    ];

    private static IEnumerable<Procedure> Outlook2016(Ways w) => [Outlook(w), OutlookAgain];

    private static IEnumerable<Procedure> Outlook2019(Ways w) => [Outlook(w, new Step(ClientsTexts.OutlookSpa)), OutlookAgain];

    private static Procedure Outlook(Ways w, params IEnumerable<Step> more) => new(null,
    [
        new(ClientsTexts.OutlookOpen),
        new(ClientsTexts.OutlookManual, w.Address),
        new(ClientsTexts.OutlookType, w.Protocol),
        new(ClientsTexts.OutlookServers, w.Receiving.Host, w.Receiving.Port, w.EncryptionWord, w.Sending.Host, w.Sending.Port),
        .. more,
        new(ClientsTexts.OutlookPassword, w.Address),
        new(ClientsTexts.OutlookDone),
    ]);

    private static Procedure OutlookAgain => new(ClientsTexts.OutlookAgain, [new(ClientsTexts.OutlookAgainOpen), new(ClientsTexts.OutlookAgainRest)]);

    private static IEnumerable<Procedure> OutlookNew(Ways w) =>
    [
        new(null,
        [
            new(ClientsTexts.OutlookNewOpen),
            new(ClientsTexts.OutlookNewAddress, w.Address, w.Protocol),
            new(ClientsTexts.OutlookNewServers, w.Receiving.Host, w.Receiving.Port, w.EncryptionWord, w.Address),
            new(ClientsTexts.OutlookNewSending, w.Sending.Host, w.Sending.Port, w.EncryptionWord, w.Address),
        ]),
    ];

    private static IEnumerable<Procedure> WindowsMail(Ways w) =>
    [
        new(ClientsTexts.FormerSteps,
        [
            new(ClientsTexts.WindowsOpen),
            new(ClientsTexts.WindowsEnter, w.Address, w.Receiving.Host, w.Protocol, w.Sending.Host),
            new(w.Tls ? ClientsTexts.WindowsSecure : ClientsTexts.WindowsPlain),
        ]),
    ];
}
