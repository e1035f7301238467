using Hikyaku.Platform;

namespace Hikyaku.Accounts.Files;

/// <summary>
/// Finds an account that stands in a file twice, in any case, with or without its domain. Which domain the file is for is not
/// known here: a name without one is the same account as any address with that name.
/// </summary>
internal sealed class SeenAccounts
{
    private const int LongestAddress = 320;

    // Line numbers by three keys: "name" (in any row), "name@" (in rows with the name alone), and "name@domain".
    private readonly Dictionary<string, int> _seen = [];

    /// <summary>The line on which the row's account stood first; null when it is the first.</summary>
    public int? Earlier(CsvRow row)
    {
        var typed = row.Cells[CsvColumns.Account];
        if (typed.Length is 0 or > LongestAddress) return null; // no account at all; the rule of names says so
        var whole = InternetNames.TryReadAddress(typed, out var address, out _);
        var name = whole ? address![..address!.LastIndexOf('@')] : typed.ToLowerInvariant();
        var (own, same) = whole ? (address!, $"{name}@") : ($"{name}@", name);
        int? earlier = _seen.TryGetValue(own, out var line) || _seen.TryGetValue(same, out line) ? line : null;
        _seen.TryAdd(own, row.Line);
        _seen.TryAdd(name, row.Line);
        return earlier;
    }
}
