using Hikyaku.DataCopy.Copies;
using Hikyaku.DataCopy.Storage;
using Hikyaku.Platform.Testing;

namespace Hikyaku.DataCopy.Tests.Storage;

/// <summary>Every stored event as JSON, with all data and with only the required data: a difference is a break of what is stored.</summary>
public sealed class Stored_shapes
{
    private static readonly DateTimeOffset At = new(2026, 11, 30, 9, 0, 0, TimeSpan.Zero);
    private static readonly CopyCounts Counts = new(10, 7, 1, 1, 1);

    private static readonly Dictionary<string, object> Samples = new()
    {
        ["copy-requested.v1"] = new CopyRequested(
            "0190", "datacopy-1", "taro@example.jp", "example.jp", "imap.example.com", 993, "tls", "taro@example.com", false, true, new string('A', 64), "taro@example.org", At),
        ["copy-requested.v1.required"] = new CopyRequested("0190", "datacopy-1", "taro@example.jp", "example.jp", "imap.example.com", null, null, "taro", false, false, null, "taro@example.org", At),
        ["copy-started.v1"] = new CopyStarted("datacopy-1", "example.jp", "{SSHA512}x", At.AddHours(6), At),
        ["copy-grant-extended.v1"] = new CopyGrantExtended("datacopy-1", At.AddHours(9), At),
        ["copy-certificate-accepted.v1"] = new CopyCertificateAccepted("datacopy-1", new string('A', 64), "CN=imap.example.com", "CN=imap.example.com", At.AddDays(30), "not-trusted", At),
        ["copy-paused.v1"] = new CopyPaused("datacopy-1", "example.jp", "server-busy", At.AddMinutes(1), At),
        ["copy-resumed.v1"] = new CopyResumed("datacopy-1", "example.jp", At),
        ["copy-succeeded.v1"] = new CopySucceeded("datacopy-1", "example.jp", Counts, CopyReasons.TooLarge, "digest", At),
        ["copy-succeeded.v1.required"] = new CopySucceeded("datacopy-1", "example.jp", CopyCounts.None, null, null, At),
        ["copy-failed.v1"] = new CopyFailed("datacopy-1", "example.jp", Counts, CopyReasons.Trouble, "destination-unavailable", "reference", At),
        ["copy-failed.v1.required"] = new CopyFailed("datacopy-1", "example.jp", Counts, CopyReasons.Capacity, "capacity", null, At),
        ["copy-cancelled.v1"] = new CopyCancelled("datacopy-1", "example.jp", Counts, At),
        ["copies-erased.v1"] = new CopiesErased(At),
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_keeps_its_shape(string name) => StoredShape.Match(name, Samples[name]);

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_is_read_back_whole(string name) => StoredShape.IsReadBackWhole(Samples[name]);

    [Fact]
    public void Every_stored_event_has_a_sample_under_its_stored_name() => StoredShape.AllHaveSamples("datacopy", EventNames.All.Values, Samples.Keys);
}
