using System.Text.RegularExpressions;
using Hikyaku.Bench.Chaos;

namespace Hikyaku.Bench;

/// <summary>
/// The same Postfix with the node's own configuration, but with one account that stands in its configuration, no question to anybody about
/// recipients, and only port 25. It asks the same Rspamd and, where that is wanted, the same quota-status, and hands over to another Dovecot.
/// </summary>
internal sealed partial class OtherPostfix : IDisposable
{
    private readonly string _folder;

    private OtherPostfix(string folder, int port) => (_folder, Port) = (folder, port);

    public int Port { get; }

    private string Configuration => Path.Combine(_folder, "postfix");

    public static async Task<OtherPostfix> StartAsync(RunningPlatform platform, int port, int lmtp, string address, bool asksForSpace)
    {
        var folder = Directory.CreateTempSubdirectory("hikyaku-bench-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var other = new OtherPostfix(folder, port);
        var source = Path.Combine(platform.Home, "mailnode", "postfix");
        foreach (var name in new[] { other.Configuration, Path.Combine(folder, "queue"), Path.Combine(folder, "data") }) Directory.CreateDirectory(name);
        await RunAsync("chown", "postfix", Path.Combine(folder, "data"));
        File.Copy(Path.Combine(source, "main.cf"), Path.Combine(other.Configuration, "main.cf"));
        var master = await File.ReadAllTextAsync(Path.Combine(source, "master.cf"));
        var smtp = $"127.0.0.1:{platform.Server("smtp").Port}";
        await File.WriteAllTextAsync(
            Path.Combine(other.Configuration, "master.cf"), Listeners().Replace(master, m => m.Value.StartsWith(smtp, StringComparison.Ordinal) ? m.Value.Replace(smtp, $"127.0.0.1:{port}", StringComparison.Ordinal) : ""));
        var domain = address.Split('@')[1];
        await RunAsync(
            "postconf", "-c", other.Configuration, "-e", $"queue_directory={folder}/queue", $"data_directory={folder}/data", $"maillog_file={folder}/mail.log", $"maillog_file_prefixes={folder}",
            $"virtual_mailbox_domains=inline:{{ {{ {domain} = 1 }} }}", $"virtual_mailbox_maps=inline:{{ {{ {address} = 1 }} }}", "virtual_alias_maps=", "virtual_alias_domains=", "local_recipient_maps=", "transport_maps=",
            $"virtual_transport=lmtp:inet:127.0.0.1:{lmtp}", "smtpd_restriction_classes=capacity_here", $"smtpd_recipient_restrictions=reject_unlisted_recipient{(asksForSpace ? ", capacity_here" : "")}");
        // The server keeps what it was started with open.
        await RunAsync("sh", "-c", $"exec postfix -c {other.Configuration} start >/dev/null 2>&1");
        await Listening.OnAsync(port);
        return other;
    }

    public void Dispose()
    {
        Shell.RunAsync("postfix", "-c", Configuration, "stop").GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var (code, output) = await Shell.RunAsync(program, arguments);
        if (code != 0) throw new InvalidOperationException(output);
    }

    // A service on a port with its options.
    [GeneratedRegex(@"(?m)^127\.0\.0\.1:.*\n(?:[ \t]+.*\n)*")]
    private static partial Regex Listeners();
}
