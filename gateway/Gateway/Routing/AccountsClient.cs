using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hikyaku.Gateway.MailPrograms;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Routing;

/// <summary>What the accounts service says about a login and a password.</summary>
/// <param name="IsVerified">Whether they belong together; when false nothing else is there.</param>
/// <param name="Role">operator, admin or user.</param>
/// <param name="Login">Normalised.</param>
/// <param name="Domains">What an administrator administers.</param>
/// <param name="AccountId">A user's account.</param>
/// <param name="PasswordChangeRequired">Whether it is a first password that somebody else chose.</param>
/// <param name="Version">The login's stream version when the password was looked at: a later password change ends the session.</param>
/// <param name="SecondFactor">Why it is not verified although the password is right: <c>required</c>, <c>wrong</c> or <c>too-many</c>.</param>
/// <param name="SecondFactorWaitSeconds">After <c>too-many</c>: how long to wait.</param>
/// <param name="SecondFactorOn">Whether a second factor was needed.</param>
/// <param name="SecondFactorRequiredBy">The administrator's domains that require one.</param>
/// <param name="PasswordForciblyChanged">Whether it is not verified, but the right password of before a forced change (ACC-8).</param>
public sealed record Verified(
    [property: JsonPropertyName("verified")] bool IsVerified, string? Role, string? Login, IReadOnlyList<string>? Domains, string? AccountId, bool PasswordChangeRequired, long Version,
    bool PasswordForciblyChanged = false, string? SecondFactor = null, int? SecondFactorWaitSeconds = null, bool SecondFactorOn = false, IReadOnlyList<string>? SecondFactorRequiredBy = null);

/// <summary>The gateway's own questions to the accounts service. A service that does not answer is an exception that becomes 503.</summary>
public sealed class AccountsClient(Services services, InternalTokens tokens, TimeProvider time)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly string _service = services.AddressOf("accounts");
    private readonly ExpiringCache<string, Target> _targets = new(TimeSpan.FromSeconds(30), 20_000, time);

    /// <summary>Whether a password is a login's, and a code its second factor. Known and unknown logins take the same time there.</summary>
    public async Task<Verified> VerifyAsync(string login, string password, string? secondFactor, string from, CancellationToken stop)
    {
        using var request = await RequestAsync(HttpMethod.Post, "/internal/credentials/verify");
        request.Content = JsonContent.Create(new { login, password, secondFactor, from }, options: Json);
        using var response = await services.Client.SendAsync(request, stop);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<Verified>(Json, stop) ?? throw new HttpRequestException("The accounts service answered nothing");
    }

    /// <summary>The account that an address means now; null when there is none, which is not remembered.</summary>
    public ValueTask<Target?> FindTargetAsync(string address) => _targets.GetAsync(address, LoadTargetAsync);

    /// <summary>
    /// Some address no longer means what it did. Which one is not told (an event of a deleted account has no address), and to
    /// ask for the others again is cheap.
    /// </summary>
    public void ForgetTargets() => _targets.Clear();

    /// <summary>Where mail is fetched and sent. All who ask at the same time share the answer.</summary>
    public async Task<MailServerFacts> ReadServerAsync()
    {
        using var request = await RequestAsync(HttpMethod.Get, "/internal/server");
        using var response = await services.Client.SendAsync(request, CancellationToken.None);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<MailServerFacts>(Json, CancellationToken.None) ?? throw new HttpRequestException("The accounts service answered nothing");
    }

    private async Task<Target?> LoadTargetAsync(string address)
    {
        // All requests for this address share the answer, so none of them may cancel it. The client's time-out ends it.
        using var request = await RequestAsync(HttpMethod.Get, $"/internal/targets/{Uri.EscapeDataString(address)}");
        using var response = await services.Client.SendAsync(request, CancellationToken.None);
        if (response.StatusCode == HttpStatusCode.NotFound) return null;
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<Target>(Json, CancellationToken.None);
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, _service + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await tokens.OwnAsync());
        return request;
    }
}
