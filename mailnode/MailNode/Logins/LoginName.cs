using Hikyaku.Platform;

namespace Hikyaku.MailNode;

/// <summary>Names that people log in by, as accounts are called (rule ACC-15).</summary>
internal static class LoginName
{
    /// <summary>The address that a login means; one that is no address comes back in lower case.</summary>
    public static string Read(string typed) => InternetNames.TryReadAddress(typed, out var address, out _) ? address : typed.Trim().ToLowerInvariant();
}
