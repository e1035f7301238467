using Hikyaku.Platform.Testing;
using Xunit;
using Xunit.Sdk;

namespace Hikyaku.Platform.Tests.Specs;

public sealed class JsonSnapshotSpecs : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hikyaku-test-snapshots-").FullName;

    private string TestFile => Path.Combine(_folder, "SomeSpecs.cs");

    [Fact]
    public void A_missing_snapshot_fails_and_what_came_is_left_beside_it()
    {
        var failure = Assert.Throws<FailException>(() => JsonSnapshot.Match("parcel", """{"to":"江戸"}""", TestFile));

        Assert.Contains("There is no snapshot", failure.Message, StringComparison.Ordinal);
        Assert.Equal("{\n  \"to\": \"江戸\"\n}\n", File.ReadAllText(InSnapshots("parcel.received.json")));
        Assert.False(File.Exists(InSnapshots("parcel.json")));
    }

    [Fact]
    public void The_same_value_in_another_layout_passes_and_clears_what_came_before()
    {
        Accept("parcel", "{ \"to\" : \"\\u6c5f戸\" }");
        File.WriteAllText(InSnapshots("parcel.received.json"), "{}");

        JsonSnapshot.Match("parcel", """{"to":"江戸"}""", TestFile);

        Assert.False(File.Exists(InSnapshots("parcel.received.json")));
    }

    [Theory]
    [InlineData("""{"to":"Edo"}""")]
    [InlineData("""{"to":"江戸","label":null}""")]
    [InlineData("""{"To":"江戸"}""")]
    [InlineData("{}")]
    [InlineData("null")]
    public void Another_value_fails_and_names_the_first_difference(string received)
    {
        Accept("parcel", """{"to":"江戸"}""");

        var failure = Assert.Throws<FailException>(() => JsonSnapshot.Match("parcel", received, TestFile));

        Assert.Matches("line [1-3]: accepted .*, came ", failure.Message);
        Assert.True(File.Exists(InSnapshots("parcel.received.json")));
        Assert.Equal("""{"to":"江戸"}""", File.ReadAllText(InSnapshots("parcel.json")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string InSnapshots(string file) => Path.Combine(_folder, "Snapshots", file);

    private void Accept(string name, string json)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "Snapshots"));
        File.WriteAllText(InSnapshots(name + ".json"), json);
    }
}
