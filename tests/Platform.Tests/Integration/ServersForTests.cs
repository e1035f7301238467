using System.Net.Sockets;
using Hikyaku.Platform.Testing;
using Npgsql;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

public class ServersForTests
{
    [Fact]
    public async Task A_new_database_belongs_to_a_role_that_is_no_superuser()
    {
        await using var database = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync());

        Assert.Equal("off", await Ask(database, "select current_setting('is_superuser')"));
        Assert.Null(await Ask(database, "create table mine (id int)"));
        Assert.False((bool?)await Ask(database, "select pg_has_role('pg_read_all_stats', 'member')"));
    }

    [Fact]
    public async Task Databases_share_one_server()
    {
        var (first, second) = (await PostgresServer.NewDatabaseAsync(), await PostgresServer.NewDatabaseAsync());

        Assert.NotEqual(first, second);
        Assert.Equal(new NpgsqlConnectionStringBuilder(first).Port, new NpgsqlConnectionStringBuilder(second).Port);
    }

    [Fact]
    public async Task A_dedicated_database_server_stops_and_starts_again_with_its_data()
    {
        await using var server = await PostgresServer.StartDedicatedAsync();
        await using var database = NpgsqlDataSource.Create(await server.AddDatabaseAsync());
        await Ask(database, "create table kept as select 42 as answer");

        await server.StopAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Ask(database, "select 1"));

        await server.StartAgainAsync();
        Assert.Equal(42, await Eventually.Async(() => Ask(database, "select answer from kept"), answer => answer is not null));
    }

    [Fact]
    public async Task A_dedicated_broker_stops_and_starts_again_with_its_virtual_hosts()
    {
        await using var server = await RabbitServer.StartDedicatedAsync();
        var host = await server.AddVirtualHostAsync();
        Assert.Empty(await server.QueuesAsync(host));

        await server.StopAsync();
        using (var client = new TcpClient())
            await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync("127.0.0.1", new Uri(host).Port));

        await server.StartAgainAsync();
        Assert.Empty(await Eventually.Async(() => server.QueuesAsync(host), _ => true));
    }

    [Fact]
    public async Task Virtual_hosts_share_one_broker()
    {
        var (first, second) = (await RabbitServer.NewVirtualHostAsync(), await RabbitServer.NewVirtualHostAsync());

        Assert.NotEqual(first, second);
        Assert.Equal(new Uri(first).Port, new Uri(second).Port);
    }

    [Fact]
    public void A_reserved_port_is_not_reserved_again()
    {
        var port = Enumerable.Range(65_001, 500).First(ReservedPorts.TryReserve); // above those that servers get
        Assert.False(ReservedPorts.TryReserve(port));
    }

    private static async Task<object?> Ask(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
