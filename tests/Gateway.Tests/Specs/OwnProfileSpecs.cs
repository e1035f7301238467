using Hikyaku.Gateway.Preferences;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "GWY-1")]
public sealed class OwnProfileSpecs
{
    [Theory]
    [InlineData("Asia/Tokyo", true)]
    [InlineData("UTC", true)]
    [InlineData("Etc/GMT+9", true)]
    [InlineData("America/Argentina/Buenos_Aires", true)]
    [InlineData("", true)]
    [InlineData(null, true)]
    [InlineData("Tokyo", false)]
    [InlineData("/dev/zero", false)]
    [InlineData("Asia/../../../../dev/zero", false)]
    [InlineData("../../../dev/zero", false)]
    [InlineData("Asia", false)]
    public void A_time_zone_is_one_of_IANAs_and_no_other_file(string? name, bool isGood)
        => Assert.Equal(isGood, !OwnProfile.Broken(new Preference(TimeZone: name)).Any());
}
