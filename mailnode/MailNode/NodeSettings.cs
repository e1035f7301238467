namespace Hikyaku.MailNode;

/// <summary>What an agent is told about its node.</summary>
/// <param name="Node">The node's name (<c>Hikyaku:Node</c>).</param>
/// <param name="Home">The folder of replica, mailboxes and servers (<c>Hikyaku:NodeHome</c>).</param>
/// <param name="Services">Where the services answer that own parts of the replica, by name (<c>Hikyaku:Services:NAME</c>).</param>
/// <param name="Credential">The node's own secret, from the file <c>Hikyaku:NodeCredential</c>.</param>
/// <param name="Doveadm">Where Dovecot's doveadm answers (<c>Hikyaku:Doveadm</c>).</param>
/// <param name="DoveadmKey">Its key, from the file <c>Hikyaku:DoveadmKey</c>.</param>
public sealed record NodeSettings(string Node, string Home, IReadOnlyDictionary<string, Uri> Services, string Credential, Uri Doveadm, string DoveadmKey)
{
    /// <summary>Where the other nodes reach this one; null: they do not.</summary>
    public AdvertisedAddress? Advertised { get; init; }

    /// <summary>Where Postfix asks for the space of mailboxes on other nodes (<c>Hikyaku:CapacityPort</c>); null: nowhere.</summary>
    public int? CapacityPort { get; init; }

    /// <summary>Where Postfix tells of submissions and asks whether a recipient may be added (<c>Hikyaku:PolicyPort</c>); null: nowhere.</summary>
    public int? PolicyPort { get; init; }

    /// <summary>How many recipients an account may have within an hour at this node, whatever else is away (<c>Hikyaku:HardLimit</c>); 0: any number.</summary>
    public int HardLimit { get; init; } = 10_000;

    /// <summary>Whether Rspamd and ClamAV fetch rules and signatures (<c>Hikyaku:Updates</c>).</summary>
    public bool Updates { get; init; }

    /// <summary>Whether mail from outside is taken while Rspamd does not answer (<c>Hikyaku:Unscanned</c> is <c>pass</c>, as Postfix has it); else it waits.</summary>
    public bool UnscannedPasses { get; init; }

    /// <summary>Where the Rspamd that judges incoming mail is asked and taught; null: nowhere.</summary>
    public RspamdAddress? Rspamd { get; init; }

    /// <summary>Whether moving mail into Junk and out of it teaches it (<c>Hikyaku:Learning</c>).</summary>
    public bool Learning { get; init; } = true;

    /// <summary>Where the mailboxes are.</summary>
    public string Mail => Path.Combine(Home, "vmail");

    /// <summary>The database that the mail servers read.</summary>
    public string Replica => Path.Combine(Home, "replica.db");

    /// <summary>A file for each domain with the key that signs its mail.</summary>
    public string SigningKeys => Path.Combine(Home, "signing");

    /// <summary>After how many days mail leaves the inbox for the archive (<c>Hikyaku:ArchiveAfterDays</c>, 180; rule ACC-14).</summary>
    public int ArchiveAfterDays { get; init; } = 180;

    /// <summary>After how many days mail in the trash is deleted (<c>Hikyaku:TrashDays</c>, 31; rule ACC-14).</summary>
    public int TrashDays { get; init; } = 31;

    /// <summary>By what an older copy of it is known (<see cref="MailNode.ReplicaMark"/>).</summary>
    public string ReplicaMark => Path.Combine(Home, "replica.mark");

    /// <summary>Says which replica Dovecot was last told to read, and when (<see cref="MailServers"/>).</summary>
    public string DovecotReads => Path.Combine(Home, "dovecot.reads");

    /// <summary>Says which replica Postfix was last told to read.</summary>
    public string PostfixReads => Path.Combine(Home, "postfix.reads");

    /// <summary>
    /// How long a Dovecot that was told to begin anew may still let people in by what it had read before
    /// (<c>Hikyaku:OldReadersLinger</c>). A process that has a client in hand who is still to log in goes on with what it has for
    /// half a minute (its master-service.c, MASTER_SERVICE_DIE_TIMEOUT_MSECS).
    /// </summary>
    public TimeSpan OldReadersLinger { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>How many messages the node's queue holds at most (<c>Hikyaku:NodeQueueLength</c>); the oldest go first.</summary>
    public int QueueLength { get; init; } = 500_000;

    /// <summary>How often the replica is compared with the services (<c>Hikyaku:DigestCheckInterval</c>).</summary>
    public TimeSpan DigestCheckInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often the node reports when nothing has changed (<c>Hikyaku:LeaseInterval</c>).</summary>
    public TimeSpan LeaseInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The log that Postfix writes (<c>Hikyaku:PostfixLog</c>); usually where render.sh puts it.</summary>
    public string PostfixLog { get; init; } = LogOf(Home, "mail");

    /// <summary>The log that Dovecot's output goes to (<c>Hikyaku:DovecotLog</c>).</summary>
    public string DovecotLog { get; init; } = LogOf(Home, "dovecot");

    /// <summary>The log of the Rspamd that judges incoming mail (<c>Hikyaku:ScannerLog</c>).</summary>
    public string ScannerLog { get; init; } = LogOf(Home, "scanner");

    /// <summary>As many messages of deliveries wait in the outbox, of 500 lines of a log each, before the logs are read no further (<c>Hikyaku:DeliveriesWaiting</c>).</summary>
    public int DeliveriesWaiting { get; init; } = 40;

    /// <summary>How often the agent looks whether somebody has exchanged the replica's file (<c>Hikyaku:ReplicaCheckInterval</c>).</summary>
    public TimeSpan ReplicaCheckInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Reads them; throws when one is missing or makes no sense.</summary>
    public static NodeSettings Read(IConfiguration configuration)
    {
        string Setting(string name) => configuration[name] ?? throw new InvalidOperationException($"{name} is not set");
        string Secret(string name) => File.ReadAllText(Setting(name)).Trim();
        int Days(string name, int usual)
        {
            var days = configuration.GetValue(name, usual);
            return days is > 0 and <= 36_500 ? days : throw new InvalidOperationException($"{name} must be 1 to 36500 days");
        }

        TimeSpan Interval(string name, TimeSpan usual)
        {
            var set = configuration.GetValue(name, usual);
            return set >= TimeSpan.FromSeconds(0.5) && set <= TimeSpan.FromMinutes(1) ? set : throw new InvalidOperationException($"{name} must be 00:00:00.5 to 00:01:00");
        }

        static TimeSpan Linger(TimeSpan set) => set >= TimeSpan.Zero && set <= TimeSpan.FromMinutes(10) ? set
            : throw new InvalidOperationException("Hikyaku:OldReadersLinger must be 00:00:00 to 00:10:00");

        static int Limit(int set) => set >= 0 ? set : throw new InvalidOperationException("Hikyaku:HardLimit must be 0 or more");

        var home = Path.GetFullPath(Setting("Hikyaku:NodeHome"));
        return new(
            Setting("Hikyaku:Node"), home,
            configuration.GetSection("Hikyaku:Services").GetChildren().Where(s => s.Value is not null).ToDictionary(s => s.Key, s => new Uri(s.Value!)), Secret("Hikyaku:NodeCredential"),
            new Uri(Setting("Hikyaku:Doveadm")), Secret("Hikyaku:DoveadmKey"))
        {
            ArchiveAfterDays = Days("Hikyaku:ArchiveAfterDays", 180),
            TrashDays = Days("Hikyaku:TrashDays", 31),
            QueueLength = configuration.GetValue("Hikyaku:NodeQueueLength", 500_000),
            OldReadersLinger = Linger(configuration.GetValue("Hikyaku:OldReadersLinger", TimeSpan.FromSeconds(35))),
            DigestCheckInterval = configuration.GetValue("Hikyaku:DigestCheckInterval", TimeSpan.FromMinutes(10)),
            LeaseInterval = Interval("Hikyaku:LeaseInterval", TimeSpan.FromSeconds(5)),
            DeliveriesWaiting = configuration.GetValue("Hikyaku:DeliveriesWaiting", 40),
            ReplicaCheckInterval = Interval("Hikyaku:ReplicaCheckInterval", TimeSpan.FromSeconds(5)),
            Advertised = AdvertisedAddress.Read(configuration.GetSection("Hikyaku:Advertise")),
            CapacityPort = configuration.GetValue<int?>("Hikyaku:CapacityPort"),
            PolicyPort = configuration.GetValue<int?>("Hikyaku:PolicyPort"),
            HardLimit = Limit(configuration.GetValue("Hikyaku:HardLimit", 10_000)),
            Updates = configuration.GetValue("Hikyaku:Updates", false),
            UnscannedPasses = configuration["Hikyaku:Unscanned"] == "pass",
            Rspamd = configuration["Hikyaku:Rspamd"] is { Length: > 0 } rspamd ? new(new Uri(rspamd), Secret("Hikyaku:RspamdPassword")) : null,
            Learning = configuration.GetValue("Hikyaku:Learning", true),
            PostfixLog = configuration["Hikyaku:PostfixLog"] ?? LogOf(home, "mail"),
            DovecotLog = configuration["Hikyaku:DovecotLog"] ?? LogOf(home, "dovecot"),
            ScannerLog = configuration["Hikyaku:ScannerLog"] ?? LogOf(home, "scanner"),
        };
    }

    // Beside the folder of the node: mail.log of mailnode, mail2.log of mailnode2.
    private static string LogOf(string home, string server)
    {
        var folder = Path.GetFileName(home);
        var number = folder.StartsWith("mailnode", StringComparison.Ordinal) ? folder["mailnode".Length..] : "";
        return Path.Combine(Path.GetDirectoryName(home) ?? home, "logs", $"{server}{number}.log");
    }

    /// <summary>The folder of an account's mail, as Dovecot's userdb has it.</summary>
    public string MailFolder(string accountId) => Path.Combine(Mail, accountId[^2..], accountId);

    /// <summary>Whether anything has ever arrived. Who asks Dovecot about a mailbox that has no folder makes one.</summary>
    public bool HasMailFolder(string accountId) => Directory.Exists(MailFolder(accountId));
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
