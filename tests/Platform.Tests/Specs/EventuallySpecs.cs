using Hikyaku.Platform.Testing;
using Xunit;
using Xunit.Sdk;

namespace Hikyaku.Platform.Tests.Specs;

public class EventuallySpecs
{
    private static readonly TimeSpan Briefly = TimeSpan.FromMilliseconds(80);

    [Fact]
    public async Task A_value_that_comes_in_time_is_answered()
    {
        var looks = 0;

        Assert.Equal(3, await Eventually.Async(() => ++looks, n => n == 3));
    }

    [Fact]
    public async Task A_condition_that_throws_at_first_is_asked_again()
    {
        var looks = 0;

        await Eventually.Async(() => ++looks < 3 ? throw new HttpRequestException("starting") : true);
    }

    [Fact]
    public async Task A_condition_that_never_holds_fails_and_is_named()
    {
        var weight = 3;
        var failure = await Assert.ThrowsAsync<FailException>(() => Eventually.Async(() => weight > 4, Briefly));

        Assert.Equal("Not within 0.08 s: () => weight > 4\nLast seen: False", failure.Message);
    }

    [Fact]
    public async Task The_last_value_is_told()
    {
        var failure = await Assert.ThrowsAsync<FailException>(() => Eventually.Async(() => new ParcelLabelled("ink"), l => l.Label == "tea", Briefly));

        Assert.EndsWith("Last seen: ParcelLabelled {\"label\":\"ink\"}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_exception_is_told()
    {
        var failure = await Assert.ThrowsAsync<FailException>(() => Eventually.Async(Refuse, Briefly));

        Assert.EndsWith("Last seen: HttpRequestException: refused", failure.Message, StringComparison.Ordinal);
    }

    private static Task<bool> Refuse() => throw new HttpRequestException("refused");
}
