namespace Hikyaku.DataCopy.Contracts;

/// <summary>
/// Lets the copy worker into one mailbox for a time (CPY-7): by IMAP as <c>ADDRESS*copy</c> (<see cref="LoginSuffix"/>), with a secret
/// that was made for this grant alone. The mailbox's own password is neither needed nor known.
/// </summary>
/// <param name="AccountId">The account whose mailbox it is.</param>
/// <param name="SecretHash">
/// <c>{SSHA512}</c> and the base64 of SHA-512(secret, salt) and the salt of 16 bytes, as Dovecot writes it; null: no grant at present.
/// The secret is 32 random bytes in base64url, which nobody guesses, so that a slow hash would protect nothing and only cost a
/// core at each connection of the worker.
/// </param>
/// <param name="ExpiresAt">From when on it lets nobody in; not null where there is a grant. A node ends what is open then.</param>
/// <param name="Version">Of two states the one with the higher version is obeyed.</param>
/// <param name="Position">The position of the newest event that this state covers.</param>
/// <param name="Deleted">A tombstone: the account is gone.</param>
public sealed record CopyGrantState(string AccountId, string? SecretHash, DateTimeOffset? ExpiresAt, long Version, long Position, bool Deleted)
{
    /// <summary>What follows the address in the worker's login name.</summary>
    public const string LoginSuffix = "*copy";
}
