// These shapes are the storage format of the stream: they grow, they never change. Every released shape stays as a test fixture.

using System.Collections.Immutable;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Copies;

/// <summary>The account's user asked for a copy. Where they agreed to go without TLS (security plain) or to an invalid certificate, it says so (CPY-8).</summary>
public sealed record CopyRequested(
    string AccountId, string JobId, [property: PersonalData] string Address, string Domain,
    [property: PersonalData] string SourceHost, int? SourcePort, string? Security, [property: PersonalData] string SourceUserName, bool ByToken,
    bool AcceptsInvalidCertificate, string? AcceptedCertificate, [property: PersonalData] string Notify, DateTimeOffset At);

/// <summary>A worker has begun, and may write into the mailbox until a time.</summary>
public sealed record CopyStarted(string JobId, string Domain, string SecretHash, DateTimeOffset ExpiresAt, DateTimeOffset At);

/// <summary>The worker may write for longer.</summary>
public sealed record CopyGrantExtended(string JobId, DateTimeOffset ExpiresAt, DateTimeOffset At);

/// <summary>The source's certificate is invalid, and the user had agreed to go on in spite of that: from now on it is this one or a valid one.</summary>
public sealed record CopyCertificateAccepted(
    string JobId, string Fingerprint, [property: PersonalData] string Subject, [property: PersonalData] string Issuer, DateTimeOffset ValidUntil, string Reason, DateTimeOffset At);

/// <summary>The copy waits for what is away; it goes on by itself.</summary>
public sealed record CopyPaused(string JobId, string Domain, string Cause, DateTimeOffset Until, DateTimeOffset At);

/// <summary>The copy goes on.</summary>
public sealed record CopyResumed(string JobId, string Domain, DateTimeOffset At);

/// <summary>All that can be copied was copied. A reason says what is to be known all the same: messages that are too large, or an empty source.</summary>
public sealed record CopySucceeded(string JobId, string Domain, CopyCounts Counts, string? Reason, string? Skips, DateTimeOffset At);

/// <summary>The copy has ended early; a repetition goes on from there.</summary>
public sealed record CopyFailed(string JobId, string Domain, CopyCounts Counts, string Reason, string Cause, string? Reference, DateTimeOffset At);

/// <summary>The user does not want it any more; what was copied stays.</summary>
public sealed record CopyCancelled(string JobId, string Domain, CopyCounts Counts, DateTimeOffset At);

/// <summary>The account is deleted.</summary>
public sealed record CopiesErased(DateTimeOffset At);

/// <summary>What a copy has come to, in messages.</summary>
/// <param name="Total">How many the source has.</param>
/// <param name="Copied">How many this copy has copied.</param>
/// <param name="AlreadyThere">How many earlier copies had copied.</param>
/// <param name="SkippedTooLarge">How many are over the limit (CPY-3).</param>
/// <param name="Failed">How many could not be copied for another reason.</param>
public sealed record CopyCounts(long Total, long Copied, long AlreadyThere, long SkippedTooLarge, long Failed)
{
    /// <summary>Nothing was looked at.</summary>
    public static readonly CopyCounts None = new(0, 0, 0, 0, 0);
}

/// <summary>The copies of an account: one at a time (CPY-6). The stream has the account's id, and begins with the first copy.</summary>
public sealed record AccountCopies : IState<AccountCopies>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events =
    [
        typeof(CopyRequested), typeof(CopyStarted), typeof(CopyGrantExtended), typeof(CopyCertificateAccepted), typeof(CopyPaused), typeof(CopyResumed),
        typeof(CopySucceeded), typeof(CopyFailed), typeof(CopyCancelled), typeof(CopiesErased),
    ];

    /// <summary>The account's id.</summary>
    public required string Id { get; init; }

    /// <summary>The account's domain in A-labels.</summary>
    public required string Domain { get; init; }

    /// <summary>The copy that has not ended; null: there is none.</summary>
    public CurrentCopy? Current { get; init; }

    /// <summary>By source, which messages that are too large the user was last told of: a digest of them.</summary>
    public ImmutableDictionary<string, string> ToldSkips { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The account is gone.</summary>
    public bool Erased { get; init; }

    /// <inheritdoc/>
    public static AccountCopies? Evolve(AccountCopies? state, object e) => e switch
    {
        CopyRequested r => (state ?? new() { Id = r.AccountId, Domain = r.Domain }) with { Current = new(r.JobId, JobStates.Queued, SourceOf(r), null, null) },
        CopyStarted s => state!.With(c => c with { State = JobStates.Running, SecretHash = s.SecretHash, ExpiresAt = s.ExpiresAt }),
        CopyGrantExtended x => state!.With(c => c with { ExpiresAt = x.ExpiresAt }),
        CopyCertificateAccepted => state!, // the assignment keeps which one; the event is for the history
        CopyPaused => state!.With(c => c with { State = JobStates.Paused }),
        CopyResumed => state!.With(c => c with { State = JobStates.Running }),
        CopySucceeded s => state! with { Current = null, ToldSkips = s.Skips is null ? state.ToldSkips : state.ToldSkips.SetItem(state.Current!.Source, s.Skips) },
        CopyFailed => state! with { Current = null },
        CopyCancelled => state! with { Current = null },
        CopiesErased => state! with { Current = null, ToldSkips = state.ToldSkips.Clear(), Erased = true },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of an account's copies"),
    };

    private static string SourceOf(CopyRequested r) => $"{r.SourceUserName} {r.SourceHost}";

    private AccountCopies With(Func<CurrentCopy, CurrentCopy> change) => this with { Current = change(Current!) };
}

/// <summary>A copy that has not ended.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="State">Queued, running or paused, as <see cref="JobStates"/> names them.</param>
/// <param name="Source">Names the source.</param>
/// <param name="SecretHash">Of what the worker logs in with; null: it may not yet.</param>
/// <param name="ExpiresAt">Until when it may.</param>
public sealed record CurrentCopy(string JobId, string State, string Source, string? SecretHash, DateTimeOffset? ExpiresAt);
