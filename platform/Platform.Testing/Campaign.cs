using System.Globalization;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// Tests of two sizes: the small one is for every day, the full one for <c>./dev test long</c>, which finds them by their trait
/// <c>Size</c>. It names the campaign, whose size is in the variable <c>HIKYAKU_TEST_</c> and the name in capitals.
/// </summary>
public static class Campaign
{
    /// <summary>Where chance decides, it decides the same again; another one is in <c>HIKYAKU_TEST_SEED</c>.</summary>
    public static int Seed { get; } = Number("SEED", 20261125);

    /// <summary>The size of a campaign.</summary>
    public static int Size(string name, int everyDay) => Number(name.ToUpperInvariant(), everyDay);

    private static int Number(string variable, int otherwise)
        => Environment.GetEnvironmentVariable($"HIKYAKU_TEST_{variable}") is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
