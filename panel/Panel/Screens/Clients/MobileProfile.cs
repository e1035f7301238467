using System.Globalization;
using System.Net;
using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Clients;

/// <summary>
/// Hands on the profile of an address from the gateway, without a session: the phone that reads the code has none. The gateway tells
/// nobody whether the address exists, and limits requests by the reader's network.
/// </summary>
public static class MobileProfile
{
    /// <summary>Where it is.</summary>
    public const string Path = "/mail/profile";

    /// <summary>Maps it.</summary>
    public static void MapMobileProfile(this IEndpointRouteBuilder app) => app.MapGet(Path, HandleAsync);

    private static async Task<IResult> HandleAsync(HttpContext http, IHttpClientFactory clients, string? address = null, string? protocol = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("api/v1/mobileconfig" + Urls.Query(("address", address), ("protocol", protocol)), UriKind.Relative));
        request.Headers.Add("Accept-Language", CultureInfo.CurrentUICulture.Name);
        if (http.Connection.RemoteIpAddress is { } from) request.Headers.Add("X-Forwarded-For", (from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from).ToString());
        using var client = clients.CreateClient("gateway");
        try
        {
            using var answer = await client.SendAsync(request, http.RequestAborted);
            if (answer.StatusCode == HttpStatusCode.BadRequest) return Results.NotFound(); // no address
            if (answer.StatusCode != HttpStatusCode.OK) return Results.StatusCode((int)answer.StatusCode);
            return Results.File(await answer.Content.ReadAsByteArrayAsync(http.RequestAborted), answer.Content.Headers.ContentType?.ToString(), answer.Content.Headers.ContentDisposition?.FileNameStar);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !http.RequestAborted.IsCancellationRequested))
        {
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }
}
