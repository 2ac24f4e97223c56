"""Resources 数据资源: what the directory 数据目录 says about shared data, and who is its one source."""
