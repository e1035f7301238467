namespace Hikyaku.Platform;

/// <summary>Headers that services answer to the gateway alone; it takes them out of the answer.</summary>
public static class InternalHeaders
{
    /// <summary>
    /// The current password that came with a command was wrong, which counts as a failed login. The value is a keyed hash: the
    /// same for the same password, and nothing else can be read from it.
    /// </summary>
    public const string WrongPassword = "X-Hikyaku-Wrong-Password";
}
