using Hikyaku.Copier;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Copies;

/// <summary>A worker has gone through all of the source, or as far as it can (CPY-5).</summary>
/// <param name="JobId">The copy.</param>
/// <param name="Counts">What it has come to.</param>
/// <param name="Failure">Why it has ended early, or why a part of it was not copied; null: neither.</param>
/// <param name="Skips">A digest of the messages that are too large; null: there are none.</param>
/// <param name="Reference">For support, where the platform is at fault.</param>
/// <param name="Now">When.</param>
public sealed record EndCopy(string JobId, CopyCounts Counts, CopyFailureKind? Failure, string? Skips, string? Reference, DateTimeOffset Now)
{
    /// <summary>Decides; pure. Messages that are too large are told once: a repetition that finds nothing new has succeeded without a word of them.</summary>
    public static Decision Decide(EndCopy command, AccountCopies copies)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(copies);
        if (copies.Current is not { } current || current.JobId != command.JobId) return Decision.Accept(); // it has ended already
        return command.Failure is { } kind
            ? Decision.Accept(new CopyFailed(command.JobId, copies.Domain, command.Counts, CopyReasons.Of(kind), CopyReasons.NameOf(kind), command.Reference, command.Now))
            : Decision.Accept(new CopySucceeded(command.JobId, copies.Domain, command.Counts, ReasonOf(command, copies, current), command.Skips, command.Now));
    }

    private static string? ReasonOf(EndCopy command, AccountCopies copies, CurrentCopy current) => command switch
    {
        { Counts.Total: 0 } => CopyReasons.SourceEmpty,
        { Skips: { } skips } when command.Counts.Copied > 0 || copies.ToldSkips.GetValueOrDefault(current.Source) != skips => CopyReasons.TooLarge,
        _ => null,
    };
}
