using System.Globalization;
using System.Text;
using Hikyaku.Panel.Api;
using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Jobs;

/// <summary>What a job's page is told while it is open, and what was wrong with a file as a file.</summary>
public static class JobEvents
{
    /// <summary><c>GET /jobs/{id}/events</c>, <c>GET /mail/jobs/{id}/events</c> (server-sent events) and <c>GET /jobs/{id}/errors.csv</c>.</summary>
    public static void MapJobEvents(this IEndpointRouteBuilder app)
    {
        app.MapGet("/jobs/{id}/events", FollowAsync);
        app.MapGet("/mail/jobs/{id}/events", FollowAsync);
        app.MapGet("/jobs/{id}/errors.csv", ErrorsAsync);
    }

    private static Task FollowAsync(string id, GatewayStreams gateway) => gateway.FollowAsync(Urls.Api($"jobs/{id}/events"));

    private static async Task<IResult> ErrorsAsync(string id, GatewayClient gateway)
    {
        var job = await gateway.GetAsync<JobRow>(Urls.Api($"jobs/{id}"));
        var text = new StringBuilder().Append(Line(JobsTexts.Line, JobsTexts.Column, JobsTexts.Reason));
        foreach (var error in job.Errors ?? []) text.Append(Line(error.Line.ToString(CultureInfo.InvariantCulture), error.Column ?? "", error.Detail));
        // With a byte order mark, as Excel wants it.
        return Results.File([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text.ToString())], "text/csv; charset=utf-8", $"errors-{job.Id}.csv");
    }

    private static string Line(params string[] cells) => string.Join(',', cells.Select(Cell)) + "\r\n";

    // A spreadsheet must not take a cell for a formula (ACC-12).
    private static string Cell(string text) => $"\"{(text.Length > 0 && "=+-@\t\r".Contains(text[0], StringComparison.Ordinal) ? "'" : "")}{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
