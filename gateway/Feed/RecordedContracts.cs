using System.Text.Json;
using Hikyaku.Accounts.Contracts;

namespace Hikyaku.Feed;

/// <summary>
/// What the feed records: every domain event that a service publishes. A contract is one when it has an <c>EventId</c>; a test
/// fails when one is missing here.
/// </summary>
public static class RecordedContracts
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<Type> All =
    [
        typeof(MailAccountCreated),
        typeof(MailAccountPasswordChanged),
        typeof(MailAccountPasswordForciblyChanged),
        typeof(MailAccountCapacityChanged),
        typeof(MailAccountCommentChanged),
        typeof(MailDataDeletionStarted),
        typeof(MailDataDeletionFinished),
        typeof(MailAccountDeletionStarted),
        typeof(MailAccountDeleted),
        typeof(DomainAdded),
        typeof(DomainLimitsChanged),
        typeof(DomainAdministratorAppointed),
        typeof(DomainAdministratorDismissed),
        typeof(StaffPasswordChanged),
    ];

    /// <summary>The names that can be asked for.</summary>
    public static readonly IReadOnlySet<string> Names = All.Select(NameOf).ToHashSet(StringComparer.Ordinal);

    /// <summary>A contract's name in the feed, which is the stored event's without its version: <c>accounts.mail-account-created</c>.</summary>
    public static string NameOf(Type contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return $"{ServiceOf(contract)}.{JsonNamingPolicy.KebabCaseLower.ConvertName(contract.Name)}";
    }

    /// <summary>The service that publishes a contract: <c>Hikyaku.Accounts.Contracts</c> are those of <c>accounts</c>.</summary>
    public static string ServiceOf(Type contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return JsonNamingPolicy.KebabCaseLower.ConvertName(contract.Namespace!.Split('.')[1]);
    }
}
