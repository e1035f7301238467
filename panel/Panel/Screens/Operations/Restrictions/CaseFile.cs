using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Panel.Api;
using Hikyaku.Panel.Parts;
using Hikyaku.Panel.Screens.Account;
using Hikyaku.Panel.Screens.Account.History;

namespace Hikyaku.Panel.Screens.Operations.Restrictions;

/// <summary>A restriction of a case, one that holds or has ended.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Reference">For support; empty for a full mailbox.</param>
/// <param name="Rule">What it follows from; null for a full mailbox.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it ends by itself.</param>
/// <param name="EndedAt">When it ended; null while it holds.</param>
/// <param name="EndedBy">operator, time or password-changed.</param>
/// <param name="Network">From which network only.</param>
/// <param name="Reason">The operator's.</param>
/// <param name="Counted">What the rule had counted.</param>
public sealed record CaseRestriction(
    string Kind, string Reference, string? Rule, DateTimeOffset Since, DateTimeOffset? Until, DateTimeOffset? EndedAt, string? EndedBy, string? Network, string? Reason, CountedSigns? Counted);

/// <summary>A message that a node holds.</summary>
/// <param name="Id">NODE:QUEUE-ID.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Recipients">Who has not got it.</param>
public sealed record HeldMessage(string Id, DateTimeOffset At, long Size, IReadOnlyList<string> Recipients);

/// <summary>The messages that are held.</summary>
/// <param name="Items">The oldest first.</param>
public sealed record HeldMessages(IReadOnlyList<HeldMessage> Items);

/// <summary>A change since somebody got in.</summary>
/// <param name="Change">As in the account's history.</param>
/// <param name="Suspected">Whether it can be undone and came from a network of the intrusion.</param>
public sealed record SuspectedChange(HistoryRow Change, bool Suspected);

/// <summary>What somebody did who had got in.</summary>
/// <param name="Since">Since when.</param>
/// <param name="Networks">From which networks.</param>
/// <param name="Logins">How many right logins came from there.</param>
/// <param name="Messages">How many messages were sent from there.</param>
/// <param name="Recipients">To how many recipients.</param>
/// <param name="Changes">What anybody changed since, newest first.</param>
/// <param name="More">Whether there are more changes than that.</param>
/// <param name="Unavailable">The services that did not tell their changes.</param>
public sealed record IntrusionRow(
    DateTimeOffset Since, IReadOnlyList<string> Networks, long Logins, long Messages, long Recipients, IReadOnlyList<SuspectedChange>? Changes, bool? More, IReadOnlyList<string>? Unavailable);

/// <summary>The case of one account: what restricts it, what did, and how far it was dealt with.</summary>
/// <param name="Account">The account.</param>
/// <param name="Restrictions">Those that hold first, then the newest that have ended.</param>
/// <param name="Kind">The kind that is looked into; null when there never was a restriction of facts.</param>
/// <param name="Held">Mail that is held; null when that is not known now.</param>
/// <param name="Intrusion">What an intruder did; null when that is not known.</param>
/// <param name="PasswordChangedAt">When somebody set a password last, as far as the newest changes tell.</param>
public sealed record CaseFile(
    AccountSummary Account, IReadOnlyList<CaseRestriction> Restrictions, string? Kind, HeldMessages? Held, IntrusionRow? Intrusion, DateTimeOffset? PasswordChangedAt)
{
    private const int Searched = 200;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The kinds that hold and that an operator can lift.</summary>
    public IReadOnlyList<string> Liftable => [.. Restrictions.Where(r => r.EndedAt is null).Select(r => r.Kind).Distinct().Where(k => RestrictionWords.Placed.Contains(k))];

    /// <summary>Those of the kind that is looked into.</summary>
    public IEnumerable<CaseRestriction> OfKind => Restrictions.Where(r => r.Kind == Kind);

    /// <summary>The kinds that can be looked into.</summary>
    public IReadOnlyList<string> Kinds => KindsOf(Restrictions);

    /// <summary>Whether a password was set after the newest restriction of the kind began.</summary>
    public bool IsPasswordNew => PasswordChangedAt is { } at && OfKind.All(r => at > r.Since);

    /// <summary>Whether nothing is left of what came from the intruder's networks; null: not known.</summary>
    public bool? IsRewound => Intrusion?.Changes is { } changes && Intrusion.Unavailable is null ? !changes.Any(c => c.Suspected) : null;

    /// <summary>Whether no mail is held; null: not known.</summary>
    public bool? IsMailDone => Held is null ? null : Held.Items.Count == 0;

    /// <summary>Reads it.</summary>
    /// <param name="gateway">The API.</param>
    /// <param name="address">The account.</param>
    /// <param name="kind">What the address of the page asks for.</param>
    /// <param name="since">Since when the intruder is taken to be there; null: as the evidence says.</param>
    public static async Task<CaseFile> ReadAsync(GatewayClient gateway, string address, string? kind, DateTimeOffset? since)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        var call = Urls.Api($"accounts/{address}");
        var account = gateway.GetAsync<AccountSummary>(call);
        var holding = gateway.GetAsync<IReadOnlyList<HeldRestriction>>(call + "/restrictions");
        var history = gateway.TryGetAsync<Page<HistoryRow>>($"{call}/history?limit={Searched}");
        var held = gateway.TryGetAsync<HeldMessages>(call + "/held-mail");
        var changes = (await history)?.Items ?? [];
        IReadOnlyList<CaseRestriction> all = [.. (await holding).SelectMany(Holding), .. Ended(changes)];
        var looked = KindsOf(all) is { Count: > 0 } kinds ? kinds.FirstOrDefault(k => k == kind) ?? kinds[0] : null;
        var intrusion = looked is null ? null : await gateway.TryGetAsync<IntrusionRow>(
            call + Urls.Api($"/restrictions/{looked}/rewind") + Urls.Query(("since", since?.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture))));
        return new(await account, all, looked, await held, intrusion, changes.FirstOrDefault(c => c.Type == "accounts.mail-account-password-changed")?.At);
    }

    private static IReadOnlyList<string> KindsOf(IReadOnlyList<CaseRestriction> all) => [.. all.Select(r => r.Kind).Distinct().Where(k => RestrictionWords.Placed.Contains(k))];

    private static IEnumerable<CaseRestriction> Holding(HeldRestriction of)
        => of.Evidence?.Select(e => new CaseRestriction(of.Kind, e.Reference, e.Rule, e.Since, e.Until, null, null, e.Network, e.Reason, e.Counted))
            ?? [new(of.Kind, "", null, of.Since ?? default, of.Until, null, null, null, null, null)];

    // Newest first, as the history is. What began before the newest changes has its end only.
    private static IEnumerable<CaseRestriction> Ended(IReadOnlyList<HistoryRow> changes)
    {
        foreach (var end in changes.Where(c => c.Type == "restrictions.restriction-lifted"))
        {
            foreach (var reference in (end.Data?["references"] as JsonArray ?? []).Select(r => r!.ToString()))
            {
                if (changes.FirstOrDefault(c => c.Type == "restrictions.account-restricted" && c.Field("reference") == reference) is not { } began) continue;
                yield return new(end.Field("kind"), reference, began.Field("rule"), began.At, null, end.At, end.Field("cause"), TextOf(began, "network"), TextOf(began, "reason"), CountedOf(began));
            }
        }
    }

    private static string? TextOf(HistoryRow row, string name) => row.Field(name) is { Length: > 0 } text ? text : null;

    private static CountedSigns? CountedOf(HistoryRow row) => TextOf(row, "evidence") is { } text ? JsonSerializer.Deserialize<CountedSigns>(text, Json) : null;
}
