using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>The node's mail servers, which a test may stop.</summary>
public sealed partial class MailNodeUnderTest
{
    public async Task StartDovecotAsync()
    {
        _dovecot = new GuardedProcess(Folder("guard-dovecot"), "root", "TERM", new Dictionary<string, string>(),
            ["dovecot", "-F", "-c", $"{Home}/mailnode/dovecot/dovecot.conf"]);
        await ListensAsync(_dovecot, "IMAP", "POP3S", "LMTP", "DOVEADM");
    }

    public Task StopDovecotAsync() => _dovecot!.StopAsync();

    public async Task StartPostfixAsync()
    {
        var configuration = $"{Home}/mailnode/postfix";
        // Postfix's master makes a session of its own, which no signal to the shell's group reaches.
        _postfix = new GuardedProcess(Folder("guard-postfix"), "root", "TERM", new Dictionary<string, string>(),
            ["bash", "-c", $"postfix -c {configuration} start-fg & trap 'kill $(cat {Home}/mailnode/run/postfix-queue/pid/master.pid); wait; exit 0' TERM; wait"]);
        await ListensAsync(_postfix, "SMTP", "SUBMISSION", "SUBMISSIONS");
    }

    public async Task StopPostfixAsync()
    {
        await _postfix!.StopAsync();
        // Its processes may take one more connection.
        await Eventually.Async(() => IsFree(Port("SMTP")));
    }

    public async Task StartRspamdAsync()
    {
        _rspamd = new GuardedProcess(Folder("guard-rspamd"), "root", "TERM", new Dictionary<string, string>(),
            ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", $"{Home}/mailnode/rspamd/rspamd.conf"]);
        await ListensAsync(_rspamd, "MILTER");
    }

    public async Task StartSrsAsync()
    {
        _srs = new GuardedProcess(Folder("guard-srs"), "root", "TERM", new Dictionary<string, string>(),
            ["postsrsd", "-s", $"{Home}/mailnode/postfix/srs.key", "-d", "mail.hikyaku.localhost", "-l", "127.0.0.1", "-f", $"{Port("SRS")}", "-r", $"{Port("SRS_BACK")}", "-u", "nobody"]);
        await ListensAsync(_srs, "SRS", "SRS_BACK");
    }

    /// <summary>Starts Rspamd and ClamAV, which judge what comes in: only where a test is about that, as they take seconds to start.</summary>
    public Task StartScannerAsync() => Task.WhenAll(StartSpamScannerAsync(), StartClamAvAsync(), StartRedisAsync());

    public async Task StartSpamScannerAsync()
    {
        _scanner = new GuardedProcess(Folder("guard-scanner"), "root", "KILL", new Dictionary<string, string>(),
            ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf", $"--var=LOCAL_CONFDIR={Home}/mailnode/scanner", $"--var=DBDIR={Home}/mailnode/run/scanner", $"--var=RUNDIR={Home}/mailnode/run/scanner"]);
        // It compiles all of its rules first.
        await ListensAsync(_scanner, TimeSpan.FromSeconds(120), "SCANNER");
    }

    public async Task StartClamAvAsync()
    {
        _clamav = new GuardedProcess(Folder("guard-clamav"), "root", "TERM", new Dictionary<string, string>(), ["clamd", "-c", $"{Home}/mailnode/clamav/clamd.conf"]);
        await ListensAsync(_clamav, "CLAMAV");
    }

    public async Task StartRedisAsync()
    {
        _redis = new GuardedProcess(Folder("guard-redis"), "redis", "TERM", new Dictionary<string, string>(), ["redis-server", $"{Home}/mailnode/scanner/redis.conf"]);
        await ListensAsync(_redis, "REDIS");
    }

    public Task StopClamAvAsync() => _clamav!.StopAsync();

    /// <summary>Kills it, in the middle of whatever it does.</summary>
    public Task StopSpamScannerAsync() => _scanner!.StopAsync();

    public Task<string> ScannerOutputAsync() => _scanner!.OutputAsync();

    public Task StopSrsAsync() => _srs!.StopAsync();

    public Task StopRspamdAsync() => _rspamd!.StopAsync();

    /// <summary>Lets it stand still.</summary>
    public Task PauseRspamdAsync() => _rspamd!.PauseAsync();

    public Task ResumeRspamdAsync() => _rspamd!.ResumeAsync();

    /// <summary>The last that Dovecot has logged.</summary>
    public Task<string> DovecotOutputAsync() => _dovecot!.OutputAsync();

    /// <summary>Has everything in the queue tried again now.</summary>
    public Task FlushQueueAsync() => GuardedProcess.RunAsync("root", "postkick", "-c", $"{Home}/mailnode/postfix", "public", "qmgr", "FAD");
}
