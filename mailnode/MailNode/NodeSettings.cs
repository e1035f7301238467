namespace Hikyaku.MailNode;

/// <summary>What an agent is told about its node.</summary>
/// <param name="Node">The node's name (<c>Hikyaku:Node</c>).</param>
/// <param name="Home">The folder of replica, mailboxes and servers (<c>Hikyaku:NodeHome</c>).</param>
/// <param name="Accounts">Where the accounts service answers (<c>Hikyaku:Services:accounts</c>).</param>
/// <param name="Credential">The node's own secret, from the file <c>Hikyaku:NodeCredential</c>.</param>
/// <param name="Doveadm">Where Dovecot's doveadm answers (<c>Hikyaku:Doveadm</c>).</param>
/// <param name="DoveadmKey">Its key, from the file <c>Hikyaku:DoveadmKey</c>.</param>
public sealed record NodeSettings(string Node, string Home, Uri Accounts, string Credential, Uri Doveadm, string DoveadmKey)
{
    /// <summary>Where the other nodes reach this one; null: they do not.</summary>
    public AdvertisedAddress? Advertised { get; init; }

    /// <summary>Where Postfix asks for the space of mailboxes on other nodes (<c>Hikyaku:CapacityPort</c>); null: nowhere.</summary>
    public int? CapacityPort { get; init; }

    /// <summary>The database that the mail servers read.</summary>
    public string Replica => Path.Combine(Home, "replica.db");

    /// <summary>Reads them; throws when one is missing.</summary>
    public static NodeSettings Read(IConfiguration configuration)
    {
        string Setting(string name) => configuration[name] ?? throw new InvalidOperationException($"{name} is not set");
        string Secret(string name) => File.ReadAllText(Setting(name)).Trim();
        return new(
            Setting("Hikyaku:Node"), Path.GetFullPath(Setting("Hikyaku:NodeHome")),
            new Uri(Setting("Hikyaku:Services:accounts")), Secret("Hikyaku:NodeCredential"),
            new Uri(Setting("Hikyaku:Doveadm")), Secret("Hikyaku:DoveadmKey"))
        {
            Advertised = AdvertisedAddress.Read(configuration.GetSection("Hikyaku:Advertise")),
            CapacityPort = configuration.GetValue<int?>("Hikyaku:CapacityPort"),
        };
    }

    /// <summary>The folder of an account's mail, as Dovecot's userdb has it.</summary>
    public string MailFolder(string accountId) => Path.Combine(Home, "vmail", accountId[^2..], accountId);
}

/// <summary>Where the other nodes reach a node, as it tells with its lease (<c>Hikyaku:Advertise:…</c>).</summary>
/// <param name="Host">Host name or IP address.</param>
/// <param name="ImapPort">IMAP.</param>
/// <param name="Pop3Port">POP3.</param>
/// <param name="LmtpPort">LMTP.</param>
/// <param name="QuotaPort">Dovecot's quota-status.</param>
public sealed record AdvertisedAddress(string Host, int ImapPort, int Pop3Port, int LmtpPort, int QuotaPort)
{
    /// <summary>Reads it; null without a host, throws when a host lacks a port.</summary>
    public static AdvertisedAddress? Read(IConfiguration advertise)
    {
        ArgumentNullException.ThrowIfNull(advertise);
        int Port(string name) => advertise.GetValue<int?>(name) ?? throw new InvalidOperationException($"Hikyaku:Advertise:{name} is not set");
        return advertise["Host"] is { Length: > 0 } host ? new(host, Port("ImapPort"), Port("Pop3Port"), Port("LmtpPort"), Port("QuotaPort")) : null;
    }
}
