namespace Hikyaku.Accounts.MailAccounts;

/// <summary>
/// Who has an address. Its key makes addresses unique in the transaction that creates an account, and it outlives the
/// account, so that a later life of the address is known as later.
/// </summary>
public sealed record AddressReservation
{
    /// <summary>The address, lower case, domain in A-labels.</summary>
    public required string Id { get; init; }

    /// <summary>The account that has it.</summary>
    public required string AccountId { get; init; }

    /// <summary>1 for the first account of this address.</summary>
    public required int Life { get; init; }
}
