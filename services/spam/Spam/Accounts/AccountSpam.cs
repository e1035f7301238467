// These shapes are the storage format of the stream: they grow, they never change. Every released shape stays as a test fixture.

using Hikyaku.Platform;

namespace Hikyaku.Spam.Accounts;

/// <summary>The subject of mail judged spam is marked.</summary>
public sealed record SubjectTaggingTurnedOn(string AccountId, string Domain, DateTimeOffset At);

/// <summary>Subjects stay as they are.</summary>
public sealed record SubjectTaggingTurnedOff(string Domain, DateTimeOffset At);

/// <summary>Mail judged spam is filed into Junk.</summary>
public sealed record JunkSortingTurnedOn(string AccountId, string Domain, DateTimeOffset At);

/// <summary>It is filed like other mail.</summary>
public sealed record JunkSortingTurnedOff(string Domain, DateTimeOffset At);

/// <summary>The account is deleted, and what was set with it.</summary>
public sealed record SpamSettingsErased(DateTimeOffset At);

/// <summary>What is done with an account's mail that is judged spam. The stream has the account's id, and begins with the first change.</summary>
public sealed record AccountSpam : IState<AccountSpam>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events =
    [
        typeof(SubjectTaggingTurnedOn), typeof(SubjectTaggingTurnedOff), typeof(JunkSortingTurnedOn), typeof(JunkSortingTurnedOff), typeof(SpamSettingsErased),
    ];

    /// <summary>The account's id.</summary>
    public required string Id { get; init; }

    /// <summary>The account's domain in A-labels.</summary>
    public required string Domain { get; init; }

    /// <summary>Whether the subject is marked.</summary>
    public bool TagSubject { get; init; }

    /// <summary>Whether it is filed into Junk.</summary>
    public bool SortToJunk { get; init; }

    /// <summary>The account is gone.</summary>
    public bool Erased { get; init; }

    /// <summary>The state of an account of which nothing was ever changed.</summary>
    public static AccountSpam Of(Target account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return Of(account.AccountId, account.Domain);
    }

    /// <inheritdoc/>
    public static AccountSpam? Evolve(AccountSpam? state, object e) => e switch
    {
        SubjectTaggingTurnedOn t => (state ?? Of(t.AccountId, t.Domain)) with { TagSubject = true },
        SubjectTaggingTurnedOff => state! with { TagSubject = false },
        JunkSortingTurnedOn s => (state ?? Of(s.AccountId, s.Domain)) with { SortToJunk = true },
        JunkSortingTurnedOff => state! with { SortToJunk = false },
        SpamSettingsErased => state! with { TagSubject = false, SortToJunk = false, Erased = true },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of an account's spam settings"),
    };

    private static AccountSpam Of(string accountId, string domain) => new() { Id = accountId, Domain = domain };
}
