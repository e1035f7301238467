using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Hikyaku.Platform;

/// <summary>
/// The internal token: a JWT (ES256, RFC 7519) by which the gateway tells a service who asks and about which
/// account. It lives for at most <see cref="Lifetime"/>, and a service believes nothing else.
/// </summary>
public static class InternalToken
{
    /// <summary>How long a token counts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    internal const string Issuer = "hikyaku-gateway";
    internal const string Audience = "hikyaku-services";
    internal const string CallerClaim = "caller";
    internal const string TargetClaim = "target";

    internal static ECDsaSecurityKey ReadKey(string file)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(file));
        return new ECDsaSecurityKey(key);
    }
}

/// <summary>Signs internal tokens. Only the gateway has the private key (<c>Hikyaku:TokenPrivateKey</c>, a PEM file).</summary>
public sealed class InternalTokenIssuer(IConfiguration configuration, TimeProvider time)
{
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    private readonly SigningCredentials _key = new(
        InternalToken.ReadKey(configuration["Hikyaku:TokenPrivateKey"] ?? throw new InvalidOperationException("Hikyaku:TokenPrivateKey is not set")),
        SecurityAlgorithms.EcdsaSha256);

    /// <summary>Makes a token that counts from now on; cache it for less than <see cref="InternalToken.Lifetime"/>.</summary>
    public string Issue(Caller caller, Target? target = null)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object> { [InternalToken.CallerClaim] = JsonSerializer.Serialize(caller) };
        if (target is not null) claims[InternalToken.TargetClaim] = JsonSerializer.Serialize(target);
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = InternalToken.Issuer,
            Audience = InternalToken.Audience,
            NotBefore = now.AddSeconds(-5),
            Expires = now + InternalToken.Lifetime,
            Claims = claims,
            SigningCredentials = _key,
        });
    }
}

/// <summary>Checks internal tokens against the gateway's public key (<c>Hikyaku:TokenPublicKey</c>, a PEM file).</summary>
public sealed class InternalTokenReader(IConfiguration configuration)
{
    private static readonly JsonWebTokenHandler Handler = new();

    private readonly TokenValidationParameters _rules = new()
    {
        ValidIssuer = InternalToken.Issuer,
        ValidAudience = InternalToken.Audience,
        ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
        IssuerSigningKey = InternalToken.ReadKey(configuration["Hikyaku:TokenPublicKey"] ?? throw new InvalidOperationException("Hikyaku:TokenPublicKey is not set")),
        ClockSkew = TimeSpan.FromSeconds(5),
    };

    /// <summary>Answers who asks and about what; null when the request carries no token that counts.</summary>
    public async Task<(Caller Caller, Target? Target)?> ReadAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.Ordinal)) return null;
        var result = await Handler.ValidateTokenAsync(header["Bearer ".Length..], _rules);
        if (!result.IsValid || !result.Claims.TryGetValue(InternalToken.CallerClaim, out var who)) return null;
        var caller = JsonSerializer.Deserialize<Caller>((string)who)!;
        var target = result.Claims.TryGetValue(InternalToken.TargetClaim, out var text)
            ? JsonSerializer.Deserialize<Target>((string)text)
            : null;
        return (caller, target);
    }
}
