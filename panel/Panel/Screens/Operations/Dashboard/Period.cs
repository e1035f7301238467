using System.Globalization;
using Hikyaku.Platform;

namespace Hikyaku.Panel.Screens.Operations.Dashboard;

/// <summary>The time that the dashboard is about.</summary>
/// <param name="Name">As addresses name it.</param>
/// <param name="StepSeconds">How long a step of it is.</param>
/// <param name="Steps">How many there are.</param>
public sealed record Period(string Name, int StepSeconds, int Steps)
{
    private const int Minute = 60, Hour = 3600;

    /// <summary>Those that can be chosen, the shortest first.</summary>
    public static readonly IReadOnlyList<Period> All = [new("1h", Minute, 60), new("24h", 20 * Minute, 72), new("7d", 2 * Hour, 84), new("30d", 8 * Hour, 90)];

    /// <summary>What is shown when nobody has chosen.</summary>
    public static readonly Period Usual = All[1];

    /// <summary>The one in which a step of this one is seen closer; null: there is none.</summary>
    public Period? Closer => this == All[0] ? null : this == All[1] ? All[0] : All[1];

    /// <summary>Whether it is so short that a single event is seen in it.</summary>
    public bool FollowsEvents => this == All[0] || this == All[1];

    /// <summary>The one of a name; the usual one when there is none.</summary>
    public static Period Of(string? name) => All.FirstOrDefault(p => p.Name == name) ?? Usual;

    /// <summary>Begin and end: whole steps, the last one of which the time is in.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Until(DateTimeOffset at)
    {
        var end = DateTimeOffset.FromUnixTimeSeconds((at.AddTicks(-1).ToUnixTimeSeconds() / StepSeconds * StepSeconds) + StepSeconds);
        return (end.AddSeconds(-(long)StepSeconds * Steps), end);
    }

    /// <summary>A time as addresses name it.</summary>
    public static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The time that an address names; null when it is none, or lies so far away that nothing is there.</summary>
    public static DateTimeOffset? Read(string? text) => EventTimes.TryRead(text, out var at) && at.Year is > 2000 and < 3000 ? at : null;
}
