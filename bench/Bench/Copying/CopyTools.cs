using System.Globalization;

namespace Hikyaku.Bench.Copying;

/// <summary>A program that copies a mailbox.</summary>
/// <param name="Name">With what it was told, as far as that matters.</param>
/// <param name="Program">It has to be installed; null: it is part of this program.</param>
/// <param name="RunAsync">Copies, within a time.</param>
internal sealed record CopyTool(string Name, string? Program, Func<CopyCase, TimeSpan, Task<ToolRun>> RunAsync)
{
    /// <summary>Whether it can be run here.</summary>
    public bool IsInstalled => Program is null || (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, Program)));
}

/// <summary>Other people's programs, with the settings that are the fastest of those that copy everything.</summary>
internal static class CopyTools
{
    public static IReadOnlyList<CopyTool> Peers { get; } =
    [
        new("mbsync", "mbsync", MbsyncAsync),
        new("doveadm backup, prefetch 100", "doveadm", DoveadmAsync),
        new("interimap", "interimap", InterimapAsync),
        new("imapcopy", "imapcopy", ImapcopyAsync),
        new("offlineimap", "offlineimap", OfflineimapAsync),
    ];

    private static readonly Dictionary<string, string> NoEnvironment = [];

    /// <summary>Our copier in a process of its own, as the others are.</summary>
    public static CopyTool Own { get; } = new("hikyaku, a process", null, (copy, within) => MeasuredProcess.RunAsync(
        copy.Folder, within,
        new Dictionary<string, string> { ["HIKYAKU_SOURCE_PASSWORD"] = CopyCase.Password, ["HIKYAKU_DESTINATION_PASSWORD"] = CopyCase.Password, ["HIKYAKU_COPY_ALLOW"] = "127.0.0.0/8" },
        "dotnet", Path.Combine(AppContext.BaseDirectory, "CopyMailbox.dll"), Path.Combine(copy.Folder, "journal"), Uri(copy.SourceUser, copy.SourcePort), Uri(copy.DestinationUser, copy.DestinationPort)));

    private static string Uri(string user, int port) => string.Create(CultureInfo.InvariantCulture, $"imap://{user}@127.0.0.1:{port}");

    // Without the folders that a new mailbox has and the source lacks, which it would call a failure.
    private static async Task<ToolRun> MbsyncAsync(CopyCase copy, TimeSpan within)
    {
        Directory.CreateDirectory(Path.Combine(copy.Folder, "state"));
        await WriteAsync(copy, "mbsyncrc", $"""
            FSync no
            SyncState {copy.Folder}/state/

            IMAPAccount source
            Host 127.0.0.1
            Port {copy.SourcePort}
            User {copy.SourceUser}
            Pass "{CopyCase.Password}"
            SSLType None
            AuthMechs LOGIN

            IMAPStore source
            Account source

            IMAPAccount destination
            Host 127.0.0.1
            Port {copy.DestinationPort}
            User {copy.DestinationUser}
            Pass "{CopyCase.Password}"
            SSLType None
            AuthMechs LOGIN

            IMAPStore destination
            Account destination

            Channel all
            Far :source:
            Near :destination:
            Patterns * !Drafts !Sent !Trash !Junk !Archive
            Create Near
            Sync Pull New Flags
            CopyArrivalDate yes

            """);
        return await MeasuredProcess.RunAsync(copy.Folder, within, NoEnvironment, "mbsync", "-c", "mbsyncrc", "-a");
    }

    // It writes the destination's files itself, without an IMAP server in between.
    private static Task<ToolRun> DoveadmAsync(CopyCase copy, TimeSpan within) => MeasuredProcess.RunAsync(
        copy.Folder, within, NoEnvironment, "doveadm", "-c", copy.Destination.ConfigurationFile, "-o", "imapc_host=127.0.0.1", "-o", Text($"imapc_port={copy.SourcePort}"),
        "-o", $"imapc_user={copy.SourceUser}", "-o", $"imapc_password={CopyCase.Password}", "-o", "imapc_list_prefix=INBOX", "-o", "mail_prefetch_count=100",
        "-o", "imapc_features=rfc822.size fetch-headers fetch-bodystructure", "backup", "-R", "-u", copy.DestinationUser, "imapc:");

    private static async Task<ToolRun> InterimapAsync(CopyCase copy, TimeSpan within)
    {
        File.SetUnixFileMode(copy.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await WriteAsync(copy, "interimap.conf", $"""
            database = {copy.Folder}/interimap.db
            list-mailbox = "INBOX*"

            [local]
            type = imap
            host = 127.0.0.1
            port = {copy.DestinationPort}
            STARTTLS = NO
            auth = login
            username = {copy.DestinationUser}
            password = {CopyCase.Password}

            [remote]
            type = imap
            host = 127.0.0.1
            port = {copy.SourcePort}
            STARTTLS = NO
            auth = login
            username = {copy.SourceUser}
            password = {CopyCase.Password}

            """);
        return await MeasuredProcess.RunAsync(copy.Folder, within, NoEnvironment, "interimap", $"--config={copy.Folder}/interimap.conf");
    }

    // It has no state: a rerun copies all again.
    private static async Task<ToolRun> ImapcopyAsync(CopyCase copy, TimeSpan within)
    {
        await WriteAsync(copy, "ImapCopy.cfg", $"""
            SourceServer 127.0.0.1
            SourcePort {copy.SourcePort}
            DestServer 127.0.0.1
            DestPort {copy.DestinationPort}
            DenyFlags "\Recent"
            Copy "{copy.SourceUser}" "{CopyCase.Password}" "{copy.DestinationUser}" "{CopyCase.Password}"

            """);
        return await MeasuredProcess.RunAsync(copy.Folder, within, NoEnvironment, "imapcopy");
    }

    private static async Task<ToolRun> OfflineimapAsync(CopyCase copy, TimeSpan within)
    {
        await WriteAsync(copy, "offlineimaprc", $"""
            [general]
            accounts = all
            metadata = {copy.Folder}/offlineimap
            ui = quiet

            [Account all]
            localrepository = destination
            remoterepository = source

            [Repository destination]
            type = IMAP
            remotehost = 127.0.0.1
            remoteport = {copy.DestinationPort}
            remoteuser = {copy.DestinationUser}
            remotepass = {CopyCase.Password}
            ssl = no
            starttls = no
            auth_mechanisms = LOGIN

            [Repository source]
            type = IMAP
            remotehost = 127.0.0.1
            remoteport = {copy.SourcePort}
            remoteuser = {copy.SourceUser}
            remotepass = {CopyCase.Password}
            ssl = no
            starttls = no
            auth_mechanisms = LOGIN
            readonly = True
            maxconnections = 3
            nametrans = lambda name: name[6:] if name.startswith('INBOX.') else name

            """);
        return await MeasuredProcess.RunAsync(copy.Folder, within, NoEnvironment, "offlineimap", "-c", "offlineimaprc", "-o", "-u", "quiet");
    }

    private static Task WriteAsync(CopyCase copy, string file, string text) => File.WriteAllTextAsync(Path.Combine(copy.Folder, file), text);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
