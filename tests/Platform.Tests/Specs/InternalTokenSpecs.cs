using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

public sealed class InternalTokenSpecs : IDisposable
{
    private static readonly Caller Admin = new(Roles.Admin, "花子", "s1", ["example.jp"], "192.0.2.7", "panel");
    private static readonly Target Taro = new("0198", "taro@example.jp", "example.jp", 2);
    private readonly InternalKeys _keys = InternalKeys.Create();

    [Fact]
    public async Task Who_asks_and_about_what_comes_through()
    {
        var (caller, target) = (await Read(_keys.Token(Admin, Taro)))!.Value;

        Assert.Equivalent(Admin, caller, strict: true);
        Assert.Equal(Taro, target);
    }

    [Fact]
    public async Task Without_a_target_there_is_none()
        => Assert.Null((await Read(_keys.Token(Admin)))!.Value.Target);

    [Theory]
    [InlineData(-50, true)]
    [InlineData(-70, false)] // 60 seconds and 5 of clock skew
    [InlineData(5, true)] // the gateway's clock may be ahead a little
    [InlineData(30, false)]
    public async Task A_token_counts_for_its_time_only(int issuedSecondsFromNow, bool counts)
        => Assert.Equal(counts, await Read(_keys.Token(Admin, time: new ClockOff(TimeSpan.FromSeconds(issuedSecondsFromNow)))) is not null);

    [Fact]
    public async Task Another_gateways_key_counts_for_nothing()
    {
        using var others = InternalKeys.Create();

        Assert.Null(await Read(others.Token(Admin)));
    }

    [Theory]
    [InlineData("hikyaku-gateway", "hikyaku-services", true)]
    [InlineData("hikyaku-gateway", "somebody-else", false)]
    [InlineData("somebody-else", "hikyaku-services", false)]
    public async Task Another_audience_or_issuer_counts_for_nothing(string issuer, string audience, bool counts)
        => Assert.Equal(counts, await Read(Sign(issuer, audience, DateTime.UtcNow.AddSeconds(30))) is not null);

    [Fact]
    public async Task A_token_without_an_end_counts_for_nothing()
        => Assert.Null(await Read(Sign("hikyaku-gateway", "hikyaku-services", null)));

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    [InlineData("ES384")]
    public async Task Another_algorithm_counts_for_nothing(string algorithm)
    {
        var parts = _keys.Token(Admin).Split('.');
        var header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"alg":"{{algorithm}}","typ":"JWT"}"""));
        // As the well-known forgery has it: the public key as the secret of a symmetric signature.
        var forged = Base64Url.EncodeToString(HMACSHA256.HashData(File.ReadAllBytes(Setting("TokenPublicKey", _keys.ForService())), Encoding.ASCII.GetBytes($"{header}.{parts[1]}")));

        foreach (var signature in new[] { "", parts[2], forged }) Assert.Null(await Read($"{header}.{parts[1]}.{signature}"));
    }

    [Fact]
    public async Task Changed_claims_count_for_nothing()
    {
        var parts = _keys.Token(Admin).Split('.');
        var claims = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])).Replace("admin", "operator", StringComparison.Ordinal);

        Assert.Null(await Read($"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.{parts[2]}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bearer ")]
    [InlineData("Bearer x")]
    [InlineData("Bearer a.b.c")]
    [InlineData("Bearer ...")]
    [InlineData("Basic b3BlcmF0b3I6eA==")]
    public async Task What_is_no_token_counts_for_nothing(string header)
        => Assert.Null(await ReadHeader(header));

    [Fact]
    public async Task A_token_of_ours_that_names_no_caller_counts_for_nothing()
        => Assert.Null(await Read(Sign("hikyaku-gateway", "hikyaku-services", DateTime.UtcNow.AddSeconds(30), withCaller: false)));

    public void Dispose() => _keys.Dispose();

    private static string Setting(string name, string[] settings) => settings.Single(s => s.StartsWith($"--Hikyaku:{name}=", StringComparison.Ordinal)).Split('=')[1];

    private Task<(Caller Caller, Target? Target)?> Read(string token) => ReadHeader($"Bearer {token}");

    private Task<(Caller Caller, Target? Target)?> ReadHeader(string header)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.Authorization = header;
        return new InternalTokenReader(new ConfigurationBuilder().AddCommandLine(_keys.ForService()).Build()).ReadAsync(http);
    }

    private string Sign(string issuer, string audience, DateTime? expires, bool withCaller = true)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(Setting("TokenPrivateKey", _keys.ForGateway())));
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            Expires = expires,
            Claims = withCaller ? new Dictionary<string, object> { ["caller"] = System.Text.Json.JsonSerializer.Serialize(Admin) } : [],
            SigningCredentials = new(new ECDsaSecurityKey(key) { CryptoProviderFactory = new() { CacheSignatureProviders = false } }, SecurityAlgorithms.EcdsaSha256),
        });
    }

    private sealed class ClockOff(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
