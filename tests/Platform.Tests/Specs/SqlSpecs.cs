using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

public class SqlSpecs
{
    private const string Columns = "id, name";

    [Fact, Trait("Rule", "SEC-4")]
    public void Every_value_becomes_a_parameter_in_its_order()
    {
        var (name, missing) = ("'; drop table parcel; --", (string?)null);

        using var command = Sql.Command($"select id from parcel where name = {name} and weight > {7} and label = {missing}::text");

        Assert.Equal("select id from parcel where name = $1 and weight > $2 and label = $3::text", command.CommandText);
        Assert.Equal([name, 7, DBNull.Value], command.Parameters.Select(p => p.Value));
    }

    [Fact]
    public void A_part_of_the_statement_is_written_as_such()
    {
        using var command = Sql.Command($"select {Columns:sql} from parcel where id = {1}");

        Assert.Equal("select id, name from parcel where id = $1", command.CommandText);
    }

    [Fact]
    public void Another_format_is_refused() => Assert.Throws<FormatException>(() => Sql.Command($"select {1:N0}"));
}
