using Hikyaku.Contracts;

namespace Hikyaku.MailNode;

/// <summary>When what Rspamd and ClamAV fetch from their makers came (SPM-7): the time of the newest file of each.</summary>
public sealed class Definitions(NodeSettings settings)
{
    /// <summary>Now, by <see cref="DefinitionNames"/>; null where the node fetches nothing (<c>Hikyaku:Updates</c>). What never came is as old as can be.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset>? Now => !settings.Updates ? null : new Dictionary<string, DateTimeOffset>
    {
        [DefinitionNames.SpamRules] = NewestOf(Path.Combine(settings.Home, "run", "scanner"), "*.map"),
        [DefinitionNames.VirusSignatures] = NewestOf(Path.Combine(settings.Home, "clamav", "signatures"), "*.c?d"),
    };

    private static DateTimeOffset NewestOf(string folder, string files)
        => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, files).Select(f => new DateTimeOffset(File.GetLastWriteTimeUtc(f))).DefaultIfEmpty(DateTimeOffset.UnixEpoch).Max() : DateTimeOffset.UnixEpoch;
}
