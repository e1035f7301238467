namespace Hikyaku.MailNode;

/// <summary>
/// Addresses like <c>taro+shop@example.jp</c>, whose mail goes to <c>taro@example.jp</c> (postconf(5), recipient_delimiter). No
/// account has a plus in its name.
/// </summary>
public static class PlusAddress
{
    /// <summary>The address without the plus and what follows it up to the domain.</summary>
    public static string Without(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var at = address.LastIndexOf('@');
        return at > 0 && address.IndexOf('+', 1, at - 1) is > 0 and var plus ? address[..plus] + address[at..] : address;
    }
}
