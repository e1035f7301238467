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

    public Task StopPostfixAsync() => _postfix!.StopAsync();

    public async Task StartRspamdAsync()
    {
        _rspamd = new GuardedProcess(Folder("guard-rspamd"), "root", "TERM", new Dictionary<string, string>(),
            ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", $"{Home}/mailnode/rspamd/rspamd.conf"]);
        await ListensAsync(_rspamd, "MILTER");
    }

    public Task StopRspamdAsync() => _rspamd!.StopAsync();

    /// <summary>Lets it stand still.</summary>
    public Task PauseRspamdAsync() => _rspamd!.PauseAsync();

    public Task ResumeRspamdAsync() => _rspamd!.ResumeAsync();

    /// <summary>The last that Dovecot has logged.</summary>
    public Task<string> DovecotOutputAsync() => _dovecot!.OutputAsync();

    /// <summary>Has everything in the queue tried again now.</summary>
    public Task FlushQueueAsync() => GuardedProcess.RunAsync("root", "postkick", "-c", $"{Home}/mailnode/postfix", "public", "qmgr", "FAD");
}
