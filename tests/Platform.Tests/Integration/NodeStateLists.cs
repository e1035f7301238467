using System.Net.Http.Headers;
using System.Text.Json;
using Hikyaku.Platform.Testing;
using Npgsql;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

public class NodeStateLists(OneService one) : IClassFixture<OneService>
{
    [Fact]
    public async Task A_list_ends_with_the_position_that_it_covers()
    {
        var parcel = OneService.NewParcel();
        await one.Client.PostAsync(parcel);
        var position = (await one.EventsOfAsync(parcel))[0].Sequence;

        var lines = await Eventually.Async(async () => Lines((await ListAsync()).Body), l => l[^1].GetProperty("position").GetInt64() >= position);
        Assert.All(lines.SkipLast(1), l => Assert.Equal(nameof(ParcelState), l.GetProperty("part").GetString()));
        Assert.Contains(lines.SkipLast(1), l => l.GetProperty("state").GetProperty("parcel").GetString() == parcel);
    }

    [Fact]
    public async Task An_event_in_an_open_transaction_is_not_covered()
    {
        await one.Client.PostAsync(OneService.NewParcel());
        await Eventually.Async(async () => await PositionAsync() > 0);
        await using var database = NpgsqlDataSource.Create(one.Place.Database);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var burn = new NpgsqlCommand("select nextval('mt_events_sequence')", connection, transaction);
        var open = (long)(await burn.ExecuteScalarAsync())!;
        await one.Client.PostAsync(OneService.NewParcel());

        Assert.True(await PositionAsync() < open);
    }

    [Fact]
    public async Task A_list_that_breaks_has_no_position()
    {
        await using var service = await ParcelService.StartAsync(await Place.NewAsync(), one.Keys);
        using var client = new ParcelClient(service, one.Keys);
        await client.PostAsync("a");
        await client.PostAsync("breaks");
        using var http = new HttpClient { BaseAddress = service.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/internal/node-state");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", one.Keys.NodeBearer("mail1"));
        var (text, whole) = await ReadToTheEndAsync(await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));

        Assert.False(whole);
        Assert.DoesNotContain("position\":", text.Split('\n')[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("{\"position\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mail1")]
    [InlineData("mail1.")]
    [InlineData("mail1.0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("mail2.0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(".0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("mail1:x.0")]
    public async Task Without_a_nodes_credential_there_is_no_list(string bearer)
        => Assert.Equal(401, (await ListAsync(bearer)).Status);

    [Fact]
    public async Task An_operators_token_is_no_nodes_credential()
        => Assert.Equal(401, (await ListAsync(one.Keys.Token(ParcelClient.Operator))).Status);

    [Fact]
    public async Task A_nodes_credential_is_no_operators_token()
        => Assert.Equal(401, (await one.Client.SendAsync(HttpMethod.Post, "/parcels", new ParcelBody("x", "y"), bearer: one.Keys.NodeBearer("mail1"))).Status);

    private static List<JsonElement> Lines(string text)
        => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];

    private static async Task<(string Text, bool Whole)> ReadToTheEndAsync(HttpResponseMessage answer)
    {
        using var text = new MemoryStream();
        try
        {
            await (await answer.Content.ReadAsStreamAsync()).CopyToAsync(text);
            return (System.Text.Encoding.UTF8.GetString(text.ToArray()), answer.IsSuccessStatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return (System.Text.Encoding.UTF8.GetString(text.ToArray()), false); // the connection broke off, which is what a node sees
        }
    }

    private Task<Reply> ListAsync(string? bearer = null)
        => one.Client.SendAsync(HttpMethod.Get, "/internal/node-state", null, bearer: bearer ?? one.Keys.NodeBearer("mail1"));

    private async Task<long> PositionAsync() => Lines((await ListAsync()).Body)[^1].GetProperty("position").GetInt64();
}
