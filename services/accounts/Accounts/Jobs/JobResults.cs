using Hikyaku.Accounts.Undo;

namespace Hikyaku.Accounts.Jobs;

// What came of jobs: the JSON of these records is stored with a job's end. Add fields only as optional ones.

/// <summary>What came of a deletion of accounts.</summary>
/// <param name="Deleted">How many accounts were deleted.</param>
public sealed record DeletedAccounts(long Deleted);

/// <summary>What came of a deletion of mail data.</summary>
/// <param name="Messages">How many messages were deleted.</param>
/// <param name="FreedBytes">What they took.</param>
public sealed record DeletedMail(long Messages, long? FreedBytes);

/// <summary>What came of a registration.</summary>
/// <param name="Registered">How many accounts were registered; of a dry run: would be.</param>
/// <param name="Changed">1 when the file has a row of <c>postmaster</c>, which was changed as it says; else absent.</param>
/// <param name="Skipped">1 when that row was skipped: it has no password, or no longer fits in the domain; else absent.</param>
/// <param name="ReadAs">As which encoding the file was read, where it may be meant in another one, too; else absent.</param>
public sealed record RegisteredAccounts(long Registered, long? Changed = null, long? Skipped = null, string? ReadAs = null);

/// <summary>What came of a bulk change.</summary>
/// <param name="Changed">How many accounts were changed; of a dry run: would be.</param>
/// <param name="Skipped">
/// How many were left out: they do not exist, there is no room left for their capacity, or their password must not be set, as it
/// was forced meanwhile.
/// </param>
/// <param name="ReadAs">As which encoding the file was read, where it may be meant in another one, too; else absent.</param>
public sealed record ChangedAccounts(long Changed, long Skipped, string? ReadAs = null);

/// <summary>What came of an undo.</summary>
/// <param name="Undone">How many accounts were put back or deleted.</param>
/// <param name="LeftCount">How many were left as they are.</param>
/// <param name="Left">Those and why, 1,000 reasons at most; absent in lists.</param>
public sealed record UndoneAccounts(long Undone, long LeftCount, IReadOnlyList<LeftAccount>? Left = null);
