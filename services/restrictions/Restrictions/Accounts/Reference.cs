using System.Security.Cryptography;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>Makes the names by which people ask support about a restriction.</summary>
internal static class Reference
{
    // Without letters that are read for others (Crockford's base 32).
    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public static string Create() => "R-" + RandomNumberGenerator.GetString(Letters, 8);
}
