using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>
/// Who has an address. Its key makes addresses unique in the transaction that creates an account; it stays until everything
/// of a deleted account is erased.
/// </summary>
public sealed record AddressReservation
{
    /// <summary>The address, lower case, domain in A-labels.</summary>
    public required string Id { get; init; }

    /// <summary>The account that has it.</summary>
    public required string AccountId { get; init; }

    /// <summary>1 for the first account of this address.</summary>
    public required int Life { get; init; }

    /// <summary>Whether the account is being deleted: nobody finds it by its address any more, and nobody else gets the address yet.</summary>
    public bool BeingDeleted { get; init; }

    /// <summary>The job that will create the account (ACC-9); null when the account is there. Until then nobody finds it by its address.</summary>
    public string? ReservedBy { get; init; }
}

/// <summary>
/// How many accounts an address has had before, by which a later account gets a higher life. The address itself is not in it (OPS-6).
/// </summary>
public sealed record FormerLife
{
    /// <summary>A keyed hash of the address.</summary>
    public required string Id { get; init; }

    /// <summary>How many accounts the address has had.</summary>
    public required int Life { get; init; }

    /// <summary>The id for an address.</summary>
    public static string IdOf(SecretBox box, string address)
    {
        ArgumentNullException.ThrowIfNull(box);
        return Convert.ToHexStringLower(box.Hash(Encoding.UTF8.GetBytes($"former life\n{address}")));
    }
}
