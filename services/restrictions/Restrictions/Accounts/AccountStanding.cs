// These shapes are the storage format of the stream: they grow, they never change. Every released shape stays as a test fixture.

using System.Collections.Immutable;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>An account is restricted; one that has this reference already has another end or reason now.</summary>
public sealed record AccountRestricted(
    string AccountId, [property: PersonalData] string Address, string Domain, string Kind, string Reference, string Rule,
    [property: PersonalData] string? Network, [property: PersonalData] IReadOnlyList<string> KnownNetworks,
    [property: PersonalData] string? Reason, [property: PersonalData] string? Evidence, DateTimeOffset? Until, DateTimeOffset At);

/// <summary>Restrictions of one kind have ended.</summary>
public sealed record RestrictionLifted(
    string Domain, string Kind, IReadOnlyList<string> References, string Cause, [property: PersonalData] string? Reason, DateTimeOffset At);

/// <summary>An operator decided what becomes of messages that are held: their names are NODE:QUEUE-ID.</summary>
public sealed record HeldMailDecided(string Domain, IReadOnlyList<string> Messages, bool IsReleased, DateTimeOffset At);

/// <summary>The account is deleted, and what restricted it with it.</summary>
public sealed record StandingErased(DateTimeOffset At);

/// <summary>How an account stands. The stream has the account's id, and begins with its first restriction.</summary>
public sealed record AccountStanding : IState<AccountStanding>
{
    // Of each kind: later ones grow with the number of these.
    private const int RememberedEnds = 20;

    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(AccountRestricted), typeof(RestrictionLifted), typeof(HeldMailDecided), typeof(StandingErased)];

    /// <summary>The account's id.</summary>
    public required string Id { get; init; }

    /// <summary>The account's address: lower case, domain in A-labels.</summary>
    public required string Address { get; init; }

    /// <summary>The account's domain in A-labels.</summary>
    public required string Domain { get; init; }

    /// <summary>Those that hold.</summary>
    public ImmutableList<Restriction> Restrictions { get; init; } = [];

    /// <summary>The newest of those that have ended, oldest first.</summary>
    public ImmutableList<EndedRestriction> Ended { get; init; } = [];

    /// <summary>What was decided about messages that were held, of the last 30 days, oldest first.</summary>
    public ImmutableList<DecidedMessage> Decided { get; init; } = [];

    /// <summary>The account is gone.</summary>
    public bool Erased { get; init; }

    /// <inheritdoc/>
    public static AccountStanding? Evolve(AccountStanding? state, object e) => e switch
    {
        AccountRestricted r => (state ?? new() { Id = r.AccountId, Address = r.Address, Domain = r.Domain }).With(r),
        RestrictionLifted l => state!.Without(l),
        HeldMailDecided d => state! with
        {
            Decided = state.Decided.RemoveAll(m => m.At < d.At.AddDays(-30) || d.Messages.Contains(m.Name)).AddRange(d.Messages.Select(m => new DecidedMessage(m, d.IsReleased, d.At))),
        },
        StandingErased => state! with { Restrictions = [], Ended = [], Decided = [], Erased = true },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of an account's standing"),
    };

    /// <summary>When a restriction of a kind ended last, from one network or from everywhere: facts from before are not counted again.</summary>
    public DateTimeOffset EndOf(string kind, string? network = null, bool isWholeToo = true)
        => Ended.FindLast(e => e.Kind == kind && ((e.Network is null && isWholeToo) || e.Network == network))?.At ?? DateTimeOffset.MinValue;

    /// <summary>How often one ended by time since then; the next one is longer for it.</summary>
    public int EndsOf(string kind, string? network, DateTimeOffset since)
        => Ended.Count(e => e.Kind == kind && e.Network == network && e.Cause == LiftCauses.Time && e.At >= since);

    private AccountStanding With(AccountRestricted r)
    {
        var since = Restrictions.Find(held => held.Reference == r.Reference)?.Since ?? r.At;
        var now = new Restriction(r.Kind, r.Reference, r.Rule, r.Network, r.KnownNetworks, r.Reason, r.Evidence, since, r.Until);
        return this with { Restrictions = Restrictions.RemoveAll(held => held.Reference == r.Reference).Add(now) };
    }

    private AccountStanding Without(RestrictionLifted l)
    {
        var gone = Restrictions.FindAll(held => l.References.Contains(held.Reference));
        var ended = Ended.AddRange(gone.Select(g => new EndedRestriction(g.Kind, g.Network, l.Cause, l.At)));
        var tooMany = ended.Count(e => e.Kind == l.Kind) - RememberedEnds;
        return this with
        {
            Restrictions = Restrictions.RemoveAll(held => l.References.Contains(held.Reference)),
            Ended = tooMany > 0 ? ended.RemoveRange(ended.Where(e => e.Kind == l.Kind).Take(tooMany)) : ended,
        };
    }
}

/// <summary>A restriction that holds.</summary>
/// <param name="Kind">One of <see cref="Kinds"/>.</param>
/// <param name="Reference">Names it for support.</param>
/// <param name="Rule">What it follows from: a rule of the policy, or operator.</param>
/// <param name="Network">From which network only; null: from everywhere.</param>
/// <param name="KnownNetworks">Those that a lock of the whole account does not concern.</param>
/// <param name="Reason">The operator's.</param>
/// <param name="Evidence">What a rule has counted, as JSON.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it ends by itself; null: when something is done.</param>
public sealed record Restriction(
    string Kind, string Reference, string Rule, string? Network, IReadOnlyList<string> KnownNetworks, string? Reason, string? Evidence, DateTimeOffset Since, DateTimeOffset? Until);

/// <summary>A message that was held, and what becomes of it.</summary>
/// <param name="Name">NODE:QUEUE-ID.</param>
/// <param name="IsReleased">It is delivered; else it is deleted.</param>
/// <param name="At">When that was decided.</param>
public sealed record DecidedMessage(string Name, bool IsReleased, DateTimeOffset At);

/// <summary>One that has ended.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Network">Its network.</param>
/// <param name="Cause">One of <see cref="LiftCauses"/>.</param>
/// <param name="At">When.</param>
public sealed record EndedRestriction(string Kind, string? Network, string Cause, DateTimeOffset At);

/// <summary>Why a restriction has ended.</summary>
public static class LiftCauses
{
    /// <summary>An operator lifted it.</summary>
    public const string Operator = "operator";

    /// <summary>Its time was over.</summary>
    public const string Time = "time";

    /// <summary>The account has a new password (RST-9).</summary>
    public const string PasswordChanged = "password-changed";
}
