using System.Text.Json;
using Hikyaku.Panel.Api;

namespace Hikyaku.Panel.Screens.Account.Changes;

/// <summary>A change of an account, as its history has it.</summary>
/// <param name="Id">Names it for an undo.</param>
/// <param name="At">When.</param>
/// <param name="By">Who made it.</param>
/// <param name="Undoable">Whether the reader may undo it.</param>
/// <param name="After">The settings that it changed, by name.</param>
public sealed record ChangeRow(Guid Id, DateTimeOffset At, ChangedBy By, bool Undoable, IReadOnlyDictionary<string, JsonElement>? After);

/// <summary>Who made a change.</summary>
public sealed record ChangedBy(string Login);

/// <summary>The newest changes of an account, read before a change, so that the change itself is found afterwards (P-3).</summary>
public sealed class NewestChanges
{
    /// <summary>How many changes one form makes that an undo takes back together.</summary>
    private const int Undone = 2;

    private const int Searched = 50;
    private readonly HashSet<Guid>? _known;

    private NewestChanges(HashSet<Guid>? known) => _known = known;

    /// <summary>Reads them. A history that is away takes the undo away, not the change.</summary>
    public static async Task<NewestChanges> ReadAsync(GatewayClient gateway, string account)
        => new((await RowsAsync(gateway, account, Undone + 1))?.Select(c => c.Id).ToHashSet());

    /// <summary>The changes that somebody has made since, newest first; none when they are too many to be undone together.</summary>
    public async Task<IReadOnlyList<Guid>> MadeSinceAsync(GatewayClient gateway, string account, string login)
    {
        if (_known is null || await RowsAsync(gateway, account, Undone + 1) is not { } rows) return [];
        var made = rows.TakeWhile(c => !_known.Contains(c.Id)).Where(c => c.By.Login == login).ToList();
        return made.Count <= Undone && made.TrueForAll(c => c.Undoable) ? [.. made.Select(c => c.Id)] : [];
    }

    /// <summary>Who changed a setting last; null when that is long ago, or not known now.</summary>
    /// <param name="gateway">The API.</param>
    /// <param name="account">The account's call.</param>
    /// <param name="setting">Its name in the history.</param>
    public static async Task<ChangeRow?> LastOfAsync(GatewayClient gateway, string account, string setting)
        => (await RowsAsync(gateway, account, Searched))?.FirstOrDefault(c => c.After?.ContainsKey(setting) == true);

    private static async Task<IReadOnlyList<ChangeRow>?> RowsAsync(GatewayClient gateway, string account, int limit)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        return (await gateway.TryGetAsync<Page<ChangeRow>>($"{account}/history?limit={limit}"))?.Items;
    }
}
