using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions.Facts;

/// <summary>
/// Names an address without telling it: counters and a running sending lock stay with it when its account is deleted (RST-10).
/// </summary>
public sealed class AddressKeys(SecretBox box)
{
    /// <summary>The key of an address, in lower case with its domain in A-labels.</summary>
    public string Of(string address) => Convert.ToHexStringLower(box.Hash(Encoding.UTF8.GetBytes($"restrictions\n{address}")).AsSpan(0, 16));

    /// <summary>Of a recipient, for one account: who wrote to whom cannot be read from it.</summary>
    public long OfRecipient(string addressKey, string recipient)
        => BitConverter.ToInt64(box.Hash(Encoding.UTF8.GetBytes($"{addressKey}\n{recipient}")), 0);
}
