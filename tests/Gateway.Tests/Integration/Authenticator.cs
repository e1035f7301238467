using OtpNet;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>An authenticator program, as people have one on their telephone.</summary>
public sealed class Authenticator(string secret)
{
    private readonly Totp _totp = new(Base32Encoding.ToBytes(secret));

    /// <summary>The code that it shows now.</summary>
    public string Now => _totp.ComputeTotp(DateTime.UtcNow);

    /// <summary>The code that it shows half a minute later: no earlier one was used.</summary>
    public string Next => _totp.ComputeTotp(DateTime.UtcNow.AddSeconds(30));
}
