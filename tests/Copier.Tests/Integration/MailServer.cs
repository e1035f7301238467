using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hikyaku.Platform.Testing;
using MailKit.Net.Imap;
using MailKit.Security;

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>A Dovecot of the test run's own, with as many users as tests ask for.</summary>
internal sealed class MailServer : IAsyncDisposable
{
    public const string Password = "correct horse";

    /// <summary>What users whose name begins with <c>small</c> can store, in bytes.</summary>
    public const long SmallCapacity = 100_000;

    private const int MaxUsers = 500;
    private readonly string _home = Directory.CreateTempSubdirectory("hikyaku-test-").FullName;
    private readonly string _fsync;
    private readonly GuardedProcess _dovecot;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _users = [];

    /// <param name="location">mail_location.</param>
    /// <param name="separator">Between folders.</param>
    /// <param name="prefix">Of the namespace.</param>
    /// <param name="folders">Folders with a purpose, as a configuration.</param>
    /// <param name="fsync">mail_fsync.</param>
    public MailServer(string location, char separator, string prefix, string folders, string fsync = "never")
    {
        _fsync = fsync;
        var ports = ReservedPorts.Free(2);
        (Port, TlsPort) = (ports[0], ports[1]);
        MakeCertificate();
        // Dovecot looks once a second for users that were added: these are there from the start.
        foreach (var number in Enumerable.Range(1, MaxUsers))
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"taro{number}"), null);
            Add(string.Create(CultureInfo.InvariantCulture, $"small{number}"), SmallCapacity);
        }

        _users[OddUser] = $"{OddUser}:{{PLAIN}}{OddPassword}::::{_home}/mail/{OddUser}::";
        _users[PickyUser] = $"{PickyUser}:{{PLAIN}}{Password}::::{_home}/mail/{PickyUser}::userdb_quota_max_mail_size=20000B";
        WriteUsers();
        File.WriteAllText(ConfigurationFile, Configuration(location, separator, prefix, folders));
        Directory.CreateDirectory(Path.Combine(_home, "grants"));
        Directory.CreateDirectory(Path.Combine(_home, "mail"), (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(Path.Combine(_home, "mail"), (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(_home, (UnixFileMode)0b111_101_101);
        _dovecot = new(_home, "root", "TERM", new Dictionary<string, string>(), ["dovecot", "-F", "-c", ConfigurationFile]);
    }

    /// <summary>A user whose password has characters that programs stumble over.</summary>
    public const string OddUser = "odd";

    /// <summary>The password of <see cref="OddUser"/>.</summary>
    public const string OddPassword = "p\"q\\r$s=t%u{3} (v) *é'";

    /// <summary>A user who cannot store a message of more than 20,000 bytes.</summary>
    public const string PickyUser = "picky";

    public string ConfigurationFile => Path.Combine(_home, "dovecot.conf");

    public int Port { get; }

    public int TlsPort { get; }

    /// <summary>SHA-256 of its certificate, which nobody trusts.</summary>
    public string Fingerprint { get; private set; } = "";

    public async Task StartedAsync() => await Eventually.Async(async () =>
    {
        if (_dovecot.Ended) throw new InvalidOperationException(await _dovecot.OutputAsync());
        using var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", Port, SecureSocketOptions.None);
        return client.IsConnected;
    });

    /// <summary>
    /// Lets somebody else into a user's mailbox under a login of their own, as mail nodes let the copy worker in; null takes that away. Each login has
    /// a file of its own, which Dovecot finds at once.
    /// </summary>
    public void Grant(string login, string user, string? hash)
    {
        var file = Path.Combine(_home, "grants", login);
        lock (_lock)
        {
            if (hash is null) File.Delete(file);
            else
            {
                var home = _users[user][(_users[user].IndexOf("::::", StringComparison.Ordinal) + 4)..];
                File.WriteAllText(file + ".new", $"{login}:{hash}::::{home}\n");
                File.Move(file + ".new", file, overwrite: true);
            }
        }
    }

    /// <summary>Gives a user another capacity, which the server knows a second later.</summary>
    public void SetCapacity(string name, long capacity)
    {
        lock (_lock)
        {
            Add(name, capacity);
            WriteUsers();
        }
    }

    /// <summary>The folder of a user's home.</summary>
    public string HomeOf(string user) => Path.Combine(_home, "mail", user);

    public Task<string> LogAsync() => _dovecot.OutputAsync(100);

    public ValueTask DisposeAsync() => _dovecot.DisposeAsync();

    private void Add(string name, long? capacity) => _users[name] = $"{name}:{{PLAIN}}{Password}::::{_home}/mail/{name}::userdb_quota_rule=*:storage={(capacity is { } bytes ? $"{bytes.ToString(CultureInfo.InvariantCulture)}B" : "0")}";

    private void WriteUsers()
    {
        // Replaced at once, as Dovecot may be reading it.
        File.WriteAllLines(Path.Combine(_home, "users.new"), _users.Values);
        File.Move(Path.Combine(_home, "users.new"), Path.Combine(_home, "users"), overwrite: true);
    }

    private void MakeCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=mail.example.jp", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        Fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        File.WriteAllText(Path.Combine(_home, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_home, "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private string Configuration(string location, char separator, string prefix, string folders) =>
        $$"""
        base_dir = {{_home}}/run
        state_dir = {{_home}}/state
        log_path = /dev/stderr
        protocols = imap
        listen = 127.0.0.1
        ssl = yes
        ssl_cert = <{{_home}}/cert.pem
        ssl_key = <{{_home}}/key.pem
        disable_plaintext_auth = no
        auth_failure_delay = 0 secs
        first_valid_uid = 1
        mail_uid = nobody
        mail_gid = nogroup
        mail_location = {{location}}
        mail_max_userip_connections = 50
        mail_fsync = {{_fsync}}
        mail_plugins = quota
        stats_writer_socket_path =
        auth_mechanisms = plain login
        auth_username_chars = abcdefghijklmnopqrstuvwxyz0123456789.-_@*
        passdb {
          driver = passwd-file
          args = {{_home}}/grants/%u
        }
        userdb {
          driver = passwd-file
          args = {{_home}}/grants/%u
        }
        passdb {
          driver = passwd-file
          args = {{_home}}/users
        }
        userdb {
          driver = passwd-file
          args = {{_home}}/users
        }
        namespace inbox {
          inbox = yes
          separator = {{separator}}
          prefix = {{prefix}}
          {{folders}}
        }
        protocol imap {
          mail_plugins = $mail_plugins imap_quota
        }
        plugin {
          quota = count:User quota
          quota_vsizes = yes
          quota_grace = 0
        }
        service imap-login {
          service_count = 0
          inet_listener imap {
            port = {{Port.ToString(CultureInfo.InvariantCulture)}}
          }
          inet_listener imaps {
            port = {{TlsPort.ToString(CultureInfo.InvariantCulture)}}
            ssl = yes
          }
        }
        """;
}
