namespace Hikyaku.Panel.Screens.Clients;

/// <summary>What a mail program must be told of an account, as the gateway tells it.</summary>
/// <param name="Address">The account.</param>
/// <param name="UserName">The same.</param>
/// <param name="Receiving">The ways to fetch mail.</param>
/// <param name="Sending">The ways to send mail.</param>
/// <param name="LoginWithoutTls">Whether a login without encryption is allowed.</param>
public sealed record ClientSettings(string Address, string UserName, IReadOnlyList<ServerWay> Receiving, IReadOnlyList<ServerWay> Sending, bool LoginWithoutTls);

/// <summary>One way to a server.</summary>
/// <param name="Protocol"><c>imap</c>, <c>pop3</c> or <c>smtp</c>.</param>
/// <param name="Host">The server.</param>
/// <param name="Port">Its port.</param>
/// <param name="Security"><c>tls</c> or <c>starttls</c>.</param>
public sealed record ServerWay(string Protocol, string Host, int Port, string Security);

/// <summary>The values of one account by one protocol, with or without encryption, as the steps of a program show them.</summary>
/// <param name="settings">The account's.</param>
/// <param name="protocol"><c>pop</c>; anything else is IMAP.</param>
/// <param name="tls"><c>off</c>; anything else is with encryption.</param>
public sealed class Ways(ClientSettings settings, string? protocol, string? tls)
{
    private const string Pop = "pop", Off = "off";

    /// <summary>Whether mail is fetched by POP.</summary>
    public bool ByPop { get; } = protocol == Pop;

    /// <summary>Whether connections are encrypted from the beginning.</summary>
    public bool Tls { get; } = tls != Off;

    /// <summary>Whether a login without encryption is allowed.</summary>
    public bool PlainAllowed => settings.LoginWithoutTls;

    /// <summary>The mail address, which is the user name, too.</summary>
    public string Address => settings.Address;

    /// <summary>IMAP or POP3.</summary>
    public string Protocol => ByPop ? "POP3" : "IMAP";

    /// <summary>Where mail is fetched.</summary>
    public ServerWay Receiving => settings.Receiving.First(w => w.Protocol == (ByPop ? "pop3" : "imap") && w.Security == Security);

    /// <summary>Where mail is sent.</summary>
    public ServerWay Sending => settings.Sending.First(w => w.Security == Security);

    /// <summary>What programs call the encryption.</summary>
    public string EncryptionWord => Tls ? "SSL/TLS" : PlainAllowed ? ClientsTexts.Without : "STARTTLS";

    private string Security => Tls ? "tls" : "starttls";

    /// <summary>The query of the same page by another protocol or encryption; nothing where it is the recommended one.</summary>
    public static string Query(bool pop, bool encrypted) => Parts.Urls.Query(("protocol", pop ? Pop : null), ("tls", encrypted ? null : Off));
}
