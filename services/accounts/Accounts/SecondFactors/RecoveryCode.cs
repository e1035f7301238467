using System.Security.Cryptography;
using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>
/// Codes for who has lost their telephone: ten, each of which works once. They have about 50 random bits and are kept as keyed hashes
/// (docs/decisions/0034), so that nobody finds them with the database alone.
/// </summary>
public static class RecoveryCode
{
    /// <summary>How many there are.</summary>
    public const int Count = 10;

    private const int Half = 5;
    private const string Alphabet = "23456789abcdefghjkmnpqrstuvwxyz"; // without what looks alike

    /// <summary>Makes them, as they are shown.</summary>
    public static IReadOnlyList<string> Make()
        => [.. Enumerable.Range(0, Count).Select(_ => $"{RandomNumberGenerator.GetString(Alphabet, Half)}-{RandomNumberGenerator.GetString(Alphabet, Half)}")];

    /// <summary>What is kept of one, however it is typed.</summary>
    public static string HashOf(SecretBox box, string owner, string typed)
    {
        ArgumentNullException.ThrowIfNull(box);
        return Convert.ToHexStringLower(box.Hash(Encoding.UTF8.GetBytes($"recovery code\n{owner}\n{TotpCode.Plain(typed).ToLowerInvariant()}")));
    }
}
