namespace Hikyaku.Copier;

/// <summary>
/// Decides where each source folder goes (CPY-2). Folders with a purpose go to the destination's folder for it, whatever they are called; all
/// others keep their path, with the destination's separator and without the source's namespace prefix (<c>INBOX.</c>). A part of a path that
/// cannot be at the destination is changed (<see cref="FolderName"/>); names that differ by case alone get numbers, because mail programs
/// and people mix them up. Mere parents are not made. The same folders are always mapped in the same way, in whatever order they are listed.
/// </summary>
internal sealed class FolderMap
{
    // Dovecot has at most 20 levels.
    private const int MaxLevels = 16;

    // Gmail's own folders are below one of these, whose name is not the user's.
    private static readonly string[] Providers = ["[Gmail]", "[Google Mail]"];

    private readonly IReadOnlyDictionary<FolderRole, string> _byRole;
    private readonly char _separator;
    private readonly string _prefix;
    private readonly bool _knowsLabels;
    private readonly Dictionary<string, FolderRole> _ownNames;
    private readonly Dictionary<string, string> _paths = []; // the destination's by the source's
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);

    private FolderMap(IReadOnlyDictionary<FolderRole, string> byRole, char separator, string prefix, bool knowsLabels)
    {
        (_byRole, _separator, _prefix, _knowsLabels) = (byRole, separator, prefix, knowsLabels);
        _ownNames = byRole.GroupBy(r => RoleNames.Folded(r.Value)).ToDictionary(g => g.Key, g => g.First().Key);
    }

    /// <summary>Maps all folders.</summary>
    /// <param name="folders">The source's.</param>
    /// <param name="prefix">The prefix of the source's personal namespace; it is found out when it is empty and all folders have one.</param>
    /// <param name="byRole">The destination's folders with a purpose.</param>
    /// <param name="separator">The destination's separator.</param>
    /// <param name="knowsLabels">Whether the source tells the labels of messages, as Gmail does.</param>
    public static IReadOnlyList<FolderPlan> Plan(
        IReadOnlyCollection<SourceFolder> folders, string prefix, IReadOnlyDictionary<FolderRole, string> byRole, char separator, bool knowsLabels)
    {
        var map = new FolderMap(byRole, separator, prefix.Length > 0 ? prefix : CommonPrefix(folders), knowsLabels);
        var plans = folders.OrderBy(f => f.Name, StringComparer.Ordinal).Where(f => f.CanBeOpened).Select(map.Plan).ToList();
        var merged = plans.Where(p => p.Destination is not null).GroupBy(p => p.Destination).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet();
        return [.. plans.Select(p => merged.Contains(p.Destination) ? p with { Change = FolderChange.Merged } : p)];
    }

    private FolderPlan Plan(SourceFolder folder)
    {
        var plain = Parts(folder);
        var path = Path(plain);
        var role = RoleOf(folder, path);
        if (role == FolderRole.View || (role == FolderRole.All && !_knowsLabels)) return new(folder, null, FolderChange.LeftOut);
        if (role == FolderRole.All) return new(folder, Own(FolderRole.Archive), FolderChange.ByPurpose, UnlabelledOnly: true);
        if (role != FolderRole.None)
        {
            var own = Own(role);
            _paths[string.Join('\0', path)] = own; // its children go below it
            return new(folder, own, own == string.Join(_separator, plain) || role == FolderRole.Inbox ? FolderChange.Same : FolderChange.ByPurpose);
        }

        var destination = Destination(path);
        return new(folder, destination, destination == string.Join(_separator, plain) ? FolderChange.Same : FolderChange.Renamed);
    }

    private string[] Parts(SourceFolder folder)
    {
        if (folder.Name.Equals("INBOX", StringComparison.OrdinalIgnoreCase)) return ["INBOX"];
        var name = _prefix.Length > 0 && folder.Name.StartsWith(_prefix, StringComparison.OrdinalIgnoreCase) ? folder.Name[_prefix.Length..] : folder.Name;
        return folder.Separator is { } separator ? name.Split(separator) : [name];
    }

    private static string[] Path(string[] parts)
    {
        if (parts.Length > 1 && Providers.Contains(parts[0], StringComparer.OrdinalIgnoreCase)) parts = parts[1..];
        return parts.Length <= MaxLevels ? parts : [.. parts[..(MaxLevels - 1)], string.Join('_', parts[(MaxLevels - 1)..])];
    }

    private FolderRole RoleOf(SourceFolder folder, string[] path)
    {
        if (path is ["INBOX"] && folder.Name.Equals("INBOX", StringComparison.OrdinalIgnoreCase)) return FolderRole.Inbox;
        if (folder.Role != FolderRole.None || path.Length > 1) return folder.Role;
        return _ownNames.TryGetValue(RoleNames.Folded(path[0]), out var own) ? own : RoleNames.Of(path[0]);
    }

    private string Own(FolderRole role) => role == FolderRole.Inbox ? "INBOX" : _byRole.GetValueOrDefault(role) ?? role.ToString();

    // Of a part of a path at a time, so that the children of a folder that is called otherwise go with it.
    private string Destination(string[] path)
    {
        var key = string.Join('\0', path);
        if (_paths.TryGetValue(key, out var known)) return known;
        if (path.Length == 1 && path[0].Equals("INBOX", StringComparison.OrdinalIgnoreCase)) return "INBOX";
        var parent = path.Length == 1 ? "" : Destination(path[..^1]) + _separator;
        var name = FolderName.Fit(path[^1], _separator);
        var free = name;
        for (var number = 2; !IsFree(parent + free); number++) free = FolderName.Numbered(name, number);
        _taken.Add(parent + free);
        return _paths[key] = parent + free;
    }

    private bool IsFree(string path) => !_taken.Contains(path) && !_ownNames.ContainsKey(RoleNames.Folded(path));

    // Servers without NAMESPACE that keep everything below the inbox.
    private static string CommonPrefix(IReadOnlyCollection<SourceFolder> folders)
    {
        var others = folders.Where(f => !f.Name.Equals("INBOX", StringComparison.OrdinalIgnoreCase)).ToList();
        if (others.Count == 0 || others[0].Separator is not { } separator) return "";
        var prefix = $"INBOX{separator}";
        return others.TrueForAll(f => f.Name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) ? prefix : "";
    }
}
