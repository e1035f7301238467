using Hikyaku.Panel.Api;
using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Parts;
using Hikyaku.Panel.Screens.Accounts;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;

namespace Hikyaku.Panel.Screens.Bulk;

/// <summary>
/// Files of accounts on their way to the gateway and from it (ACC-9 to ACC-11). They hold passwords, so nothing of them is kept here, and
/// the form of a file is no form of a page, which would be read whole.
/// </summary>
public static class BulkFiles
{
    /// <summary>The largest file that the platform takes.</summary>
    public const long MaxBytes = 35 << 20;

    // What comes with more is refused by a page; only of what is much larger still the connection is cut.
    private const long MaxTakenBytes = 128 << 20;

    // Where the token of a form is looked for first; else the framework reads the whole form for it.
    private const string TokenHeader = "RequestVerificationToken";

    /// <summary>Maps them: <c>POST /domains/{domain}/bulk/register|edit/file</c>, the export and the samples.</summary>
    public static void MapBulkFiles(this IEndpointRouteBuilder app)
    {
        app.MapPost("/domains/{domain}/bulk/{kind}/file", TakeAsync).WithMetadata(new RequestSizeLimitAttribute(MaxTakenBytes));
        // Whoever has signed in again after a session that ended comes here.
        app.MapGet("/domains/{domain}/bulk/{kind}/file", (string domain, string kind) => BulkKind.Of(kind) is { } known ? Results.LocalRedirect(known.Page(Uri.EscapeDataString(domain))) : Results.NotFound());
        app.MapGet("/domains/{domain}/bulk/export/file", ExportAsync);
        app.MapGet("/bulk/samples/{name}", SampleAsync);
    }

    private static async Task<IResult> TakeAsync(string domain, string kind, bool? dryRun, HttpContext http, IAntiforgery antiforgery, Reader reader, GatewayClient gateway, GatewayStreams streams)
    {
        try
        {
            return await SendAsync(domain, kind, dryRun, http, antiforgery, reader, gateway, streams);
        }
        finally
        {
            // A page that is drawn in the place of a refusal must not take what is left of the file for its own form.
            (http.Request.Method, http.Request.ContentType, http.Request.Body) = (HttpMethods.Get, null, Stream.Null);
        }
    }

    private static async Task<IResult> SendAsync(string domain, string kind, bool? dryRun, HttpContext http, IAntiforgery antiforgery, Reader reader, GatewayClient gateway, GatewayStreams streams)
    {
        if (BulkKind.Of(kind) is not { } known) return Results.NotFound();
        if (http.Request.ContentLength > MaxBytes * 2) return Refused(known, domain, "too-large");
        if (await FilePart.ReadAsync(http.Request, http.RequestAborted) is not { } form) return Results.BadRequest();
        http.Request.Headers[TokenHeader] = form.Fields.GetValueOrDefault(Forms.TokenField, "");
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        if (reader.Token is null) throw new GatewayRefusalException(StatusCodes.Status401Unauthorized);
        // Another tab may have signed in as somebody else since the form was drawn.
        if (form.Fields.GetValueOrDefault(Forms.LoginField) != (await gateway.GetAsync<Me>("me")).Login) throw new GatewayRefusalException(StatusCodes.Status409Conflict);
        if (form.File is null) return Refused(known, domain, "missing");
        if (!Guid.TryParse(form.Fields.GetValueOrDefault(Forms.KeyField), out var key)) return Results.BadRequest();

        var outcome = await streams.SendFileAsync<JobBegun>(
            Urls.Api($"domains/{domain}/{known.Call}") + (dryRun == true ? "?dryRun=true" : ""), form.File, $"{key:N}{(dryRun == true ? "-check" : "")}");
        return outcome.Value is { } job
            ? Results.LocalRedirect($"/jobs/{job.Id}")
            : Refused(known, domain, outcome.Problem!.Status == StatusCodes.Status413PayloadTooLarge ? "too-large" : "not-sent");
    }

    private static IResult Refused(BulkKind kind, string domain, string why) => Results.LocalRedirect(kind.Page(Uri.EscapeDataString(domain)) + Urls.Query(("refused", why)));

    private static async Task<IResult> ExportAsync(string domain, string? encoding, string? columns, GatewayStreams streams)
    {
        var query = Urls.Query(("encoding", encoding), ("columns", columns));
        return await streams.HandOnAsync(Urls.Api($"domains/{domain}/accounts.csv") + query)
            ? Results.Empty
            : Results.LocalRedirect($"/domains/{Uri.EscapeDataString(domain)}/bulk/export" + Urls.Query(("encoding", encoding), ("columns", columns), ("refused", "1")));
    }

    private static async Task<IResult> SampleAsync(string name, GatewayStreams streams)
        => await streams.HandOnAsync(Urls.Api($"samples/{name}")) ? Results.Empty : Results.NotFound();
}
