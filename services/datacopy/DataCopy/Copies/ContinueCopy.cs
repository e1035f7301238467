using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Copies;

/// <summary>A worker has taken a copy: it begins, goes on after a pause, or takes it over from a worker that has died.</summary>
/// <param name="JobId">The copy.</param>
/// <param name="SecretHash">Of a new secret, which counts if the copy begins.</param>
/// <param name="ExpiresAt">Until when the mailbox may be written to.</param>
/// <param name="Now">When.</param>
public sealed record ContinueCopy(string JobId, string SecretHash, DateTimeOffset ExpiresAt, DateTimeOffset Now)
{
    /// <summary>Decides; pure. A grant of which more than half is left is not extended.</summary>
    public static Decision Decide(ContinueCopy command, AccountCopies copies)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(copies);
        if (copies.Current is not { } current || current.JobId != command.JobId) return Decision.Accept(); // it has ended
        if (current.SecretHash is null) return Decision.Accept(new CopyStarted(command.JobId, copies.Domain, command.SecretHash, command.ExpiresAt, command.Now));
        List<object> events = [];
        if (current.State == JobStates.Paused) events.Add(new CopyResumed(command.JobId, copies.Domain, command.Now));
        if (current.ExpiresAt - command.Now < (command.ExpiresAt - command.Now) / 2) events.Add(new CopyGrantExtended(command.JobId, command.ExpiresAt, command.Now));
        return Decision.Accept(events);
    }
}

/// <summary>What the copy needs is away for a while.</summary>
/// <param name="JobId">The copy.</param>
/// <param name="Cause">Why, like <c>server-busy</c>.</param>
/// <param name="Until">When it is tried again.</param>
/// <param name="Now">When.</param>
public sealed record PauseCopy(string JobId, string Cause, DateTimeOffset Until, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(PauseCopy command, AccountCopies copies)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(copies);
        return copies.Current is { State: JobStates.Running } current && current.JobId == command.JobId
            ? Decision.Accept(new CopyPaused(command.JobId, copies.Domain, command.Cause, command.Until, command.Now))
            : Decision.Accept();
    }
}

/// <summary>The user does not want a copy any more.</summary>
/// <param name="JobId">The copy.</param>
/// <param name="Counts">What it has come to.</param>
/// <param name="Now">When.</param>
public sealed record CancelCopy(string JobId, CopyCounts Counts, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(CancelCopy command, AccountCopies copies)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(copies);
        return copies.Current?.JobId == command.JobId ? Decision.Accept(new CopyCancelled(command.JobId, copies.Domain, command.Counts, command.Now)) : Decision.Accept();
    }
}
