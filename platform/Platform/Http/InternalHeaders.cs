namespace Hikyaku.Platform;

/// <summary>Headers between the gateway and services: none comes in from outside, and none goes out.</summary>
public static class InternalHeaders
{
    /// <summary>
    /// The current password that came with a command was wrong, which counts as a failed login. The value is a keyed hash: the
    /// same for the same password, and nothing else can be read from it.
    /// </summary>
    public const string WrongPassword = "X-Hikyaku-Wrong-Password";

    /// <summary>
    /// On a request: the gateway has found the account's own password in the body, verified it as it verifies logins, and taken it out. The
    /// value is <see cref="Verified"/>; without the header the password was wrong or absent.
    /// </summary>
    public const string OwnPassword = "X-Hikyaku-Own-Password";

    /// <summary>The password was right.</summary>
    public const string Verified = "verified";
}
