using System.Globalization;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary><c>GET /api/v1/stats?series=&amp;from=&amp;to=&amp;step=&amp;domain=</c> → 200 with a number for each step (N-14).</summary>
public static class ReadStats
{
    /// <summary>How many steps an answer has at most: a day by the minute.</summary>
    public const int MostSteps = 1440;

    /// <summary>The shortest step, in seconds.</summary>
    public const int ShortestStep = 60;

    /// <summary>The longest step, in seconds.</summary>
    public const int LongestStep = 86_400;

    /// <summary>How the endpoint describes itself.</summary>
    public const string Description =
        "Each part of the series has a number for each step, 0 where nothing was counted. Without `from` and `to` it is the last 24 hours, and without `step` there are about 60 steps. "
        + "Events are counted by when they were decided, as far back as they are recorded. Facts (mail, verdicts, logins) are counted by when mail servers saw them, and are kept for 30 days; "
        + "with `domain` only those count whose address is known.";

    private const int UsualSteps = 60;
    private static readonly TimeSpan UsualSpan = TimeSpan.FromDays(1);

    /// <summary>The endpoint.</summary>
    public static async Task<IResult> Handle(
        string? series, string? from, string? to, string? step, string? domain, IEnumerable<StatSeries> known, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(time);
        if (known.FirstOrDefault(s => s.Name == series) is not { } asked) return Bad("series");
        var end = time.GetUtcNow();
        if (!string.IsNullOrEmpty(to) && !TryRead(to, out end)) return Bad("to");
        var begin = end - UsualSpan;
        if (!string.IsNullOrEmpty(from) && !TryRead(from, out begin)) return Bad("from");
        var seconds = (int)Math.Clamp(Math.Ceiling((end - begin).TotalSeconds / UsualSteps / ShortestStep) * ShortestStep, ShortestStep, LongestStep);
        if (!string.IsNullOrEmpty(step) && !(int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds is >= ShortestStep and <= LongestStep)) return Bad("step");
        string? name = null;
        if (!string.IsNullOrEmpty(domain) && !InternetNames.TryReadDomain(domain, out name)) return Bad("domain");

        var span = new StatSpan(begin.ToUniversalTime(), end.ToUniversalTime(), seconds, name);
        if (span.From >= span.To || span.Steps > MostSteps) return Problems.Of(PlatformProblems.StatsSpanInvalid, "step", ("max", MostSteps));
        var counted = await database.ListAsync(asked.Counts(span), row => (Part: row.GetString(0), Step: row.GetInt32(1), Count: row.GetInt64(2)), stop);
        return new Answer(200, ViewOf(asked, span, counted));
    }

    // With room for a span before and after it.
    private static bool TryRead(string text, out DateTimeOffset at) => EventTimes.TryRead(text, out at) && at.Year is >= 1970 and <= 9000;

    private static StatView ViewOf(StatSeries series, StatSpan span, List<(string Part, int Step, long Count)> counted)
    {
        var values = series.Parts.ToDictionary(p => p.Name, _ => new long[span.Steps]);
        foreach (var (part, step, count) in counted)
            if (values.TryGetValue(part, out var steps)) steps[step] += count;
        return new(
            series.Name, span.From, span.From.AddSeconds(span.Steps * span.StepSeconds), span.StepSeconds,
            [.. series.Parts.Select(p => new StatPartView(p.Name, values[p.Name].Sum(), values[p.Name], p.Types))]);
    }

    private static IResult Bad(string parameter) => Problems.Of(PlatformProblems.BadParameter, parameter, ("name", parameter));
}
