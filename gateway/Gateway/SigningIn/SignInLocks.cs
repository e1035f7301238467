using System.Net.Http.Headers;
using Hikyaku.Gateway.Routing;

namespace Hikyaku.Gateway.SigningIn;

/// <summary>
/// Asks the restrictions service whether an account is locked for whoever signs in (RST-1), once the password was right. While that service
/// does not answer, nobody is locked out of the panel; mail nodes obey what they were told.
/// </summary>
public sealed partial class SignInLocks(Routing.Services services, InternalTokens tokens, ILogger<SignInLocks> log)
{
    private const string Service = "restrictions";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The reference of what locks the account; null: nothing does.</summary>
    public async Task<string?> ReferenceAsync(string accountId, string from, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{services.AddressOf(Service)}/internal/accounts/{accountId}/sign-in?from={Uri.EscapeDataString(from)}");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await tokens.OwnAsync());
            using var response = await services.Client.SendAsync(request, limit.Token);
            response.EnsureSuccessStatusCode();
            return (await response.Content.ReadFromJsonAsync<Judged>(limit.Token))?.Reference;
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            LogNotAsked(e);
            return null;
        }
    }

    private sealed record Judged(string? Reference);

    [LoggerMessage(1, LogLevel.Warning, "The restrictions service does not say whether an account is locked; the sign-in goes on")]
    private partial void LogNotAsked(Exception e);
}
