using System.Globalization;

namespace Hikyaku.Panel.Parts;

/// <summary>A capacity as people type it.</summary>
public static class Capacity
{
    /// <summary>The number of MB; null when nothing was typed. What is no number is 0, which the platform refuses in its own words.</summary>
    public static long? Read(string? typed)
        => string.IsNullOrWhiteSpace(typed) ? null : long.TryParse(typed.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var mb) ? mb : 0;
}
